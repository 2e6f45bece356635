import type { ImageInfo } from '@rt/image'
import { age, humanSize } from '../format/cells.js'
import type { Row } from '../format/rows.js'
import { short } from './pull-shown.js'

export const HISTORY_TITLES: Row = {
  ID: 'IMAGE',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
}

/** Letters of a command that Docker shows. */
const SHOWN = 45

interface Entry {
  readonly created?: unknown
  readonly created_by?: unknown
  readonly comment?: unknown
  readonly empty_layer?: unknown
}

/** How an image was made, the last step first (image-spec "config.md", history). */
export function historyRows(image: ImageInfo, noTrunc: boolean, isHuman: boolean): Row[] {
  const { history } = image.config
  const sizes = image.manifest.layers.map(({ size }) => size)
  const rows = (Array.isArray(history) ? (history as Entry[]) : []).map((entry): Row => {
    const size = entry?.empty_layer === true ? 0 : (sizes.shift() ?? 0)
    const by = text(entry?.created_by).replaceAll('\t', ' ')
    const created = text(entry?.created)
    const time = new Date(created)
    return {
      ID: '<missing>',
      CreatedSince: Number.isNaN(time.getTime()) ? 'N/A' : age(time),
      CreatedAt: created,
      CreatedBy: noTrunc || [...by].length <= SHOWN ? by : `${[...by].slice(0, SHOWN - 1).join('')}…`,
      Size: isHuman ? humanSize(size) : String(size),
      Comment: text(entry?.comment),
    }
  })
  const [last, ...older] = rows.reverse()
  return last ? [{ ...last, ID: noTrunc ? image.id : short(image.id) }, ...older] : []
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
