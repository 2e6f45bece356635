import { repairChecksums } from '../support/archive.js'

const BLOCK = 512

/**
 * Makes an archive smaller as long as it stays interesting: blocks are left out, many at first, then single ones; then
 * bytes are zeroed.
 */
export async function minimise(archive: Buffer, isInteresting: (smaller: Buffer) => Promise<boolean>): Promise<Buffer> {
  let best = archive
  for (let count = best.length / BLOCK / 2; count >= 1; count /= 2) {
    const step = Math.ceil(count) * BLOCK
    for (let at = 0; at < best.length; ) {
      const smaller = Buffer.concat([best.subarray(0, at), best.subarray(at + step)])
      if (await isInteresting(smaller)) best = smaller
      else at += step
    }
  }
  for (const step of [64, 8, 1]) {
    for (let at = 0; at < best.length; at += step) {
      const simpler = Buffer.from(best)
      simpler.fill(0, at, at + step)
      repairChecksums(simpler)
      if (!simpler.equals(best) && (await isInteresting(simpler))) best = simpler
    }
  }
  return best
}
