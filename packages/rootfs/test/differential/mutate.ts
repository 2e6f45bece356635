import { repairChecksums } from '../support/archive.js'
import type { Chance } from './chance.js'

/** Bytes that mean something somewhere in an archive. */
const TELLING = [...'\0 0157xgLKS/=\n'].map((each) => each.charCodeAt(0))

/** Changes some bytes, mostly of headers; checksums are made right again as a rule, so that the change is seen. */
export function mutate(archive: Buffer, chance: Chance): Buffer {
  const changed = Buffer.from(archive)
  for (let changes = 1 + chance.below(3); changes > 0; changes--) {
    const block = chance.below(changed.length >> 9) << 9
    const at = block + (chance.rarely(0.5) ? 100 + chance.below(170) : chance.below(512))
    if (at < changed.length) changed[at] = chance.rarely(0.6) ? chance.of(TELLING) : chance.below(256)
  }
  if (!chance.rarely(0.1)) repairChecksums(changed)
  return changed
}
