import { type Preparation, type PreparedContainer, prepare } from '../plan/prepare.js'
import { progressBar } from './progress-bar.js'
import { warnAbout } from './warn.js'

/** Prepare a container; while an image is unpacked, show how far it is, and then what could not be restored. */
export async function prepareWithBar({
  quiet = false,
  ...preparation
}: Preparation & { readonly quiet?: boolean }): Promise<PreparedContainer> {
  const bar = progressBar()
  try {
    const prepared = await prepare({ ...preparation, onProgress: bar.onProgress })
    bar.end()
    if (!quiet) warnAbout(prepared.warnings)
    return prepared
  } finally {
    bar.end()
  }
}
