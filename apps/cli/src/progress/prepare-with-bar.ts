import { type Preparation, type PreparedContainer, prepare } from '../plan/prepare.js'
import { progressBar } from './progress-bar.js'
import { warnAbout } from './warn.js'

/** Prepare a container; while an image is unpacked, show how far it is, and then what could not be restored. */
export async function prepareWithBar(preparation: Preparation): Promise<PreparedContainer> {
  const bar = progressBar()
  try {
    const prepared = await prepare({ ...preparation, onProgress: bar.onProgress })
    bar.end()
    if (!preparation.quiet) warnAbout(prepared.warnings)
    return prepared
  } finally {
    bar.end()
  }
}
