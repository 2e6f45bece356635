import { join } from 'node:path'
import { RtError } from '@rt/sys'
import { CONTENT_FILE, INDEX_FILE } from './files.js'
import type { ErofsLayer } from './mount-erofs.js'

/** How an image's layers are kept: `auto` is EROFS where that can be mounted. */
export type LayerForm = 'erofs' | 'folders' | 'auto'

/** @throws RtError RT_INVALID_OPTION for what is no form */
export function checkLayerForm(form: LayerForm): LayerForm {
  if (form === 'erofs' || form === 'folders' || form === 'auto') return form
  throw new RtError('RT_INVALID_OPTION', `layers: expected erofs, folders or auto, got ${JSON.stringify(String(form))}`)
}

/** The files of a layer that is not unpacked. @param directory path of it */
export const erofsLayer = (directory: string): ErofsLayer => ({
  index: join(directory, INDEX_FILE),
  content: join(directory, CONTENT_FILE),
})
