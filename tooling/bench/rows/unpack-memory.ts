import { gnuTar, rtUnpack, umoci } from '../candidates/unpacked.js'
import type { Row } from '../row.js'

export const row: Row = {
  name: 'unpack-memory',
  what: 'the largest resident set while doing so',
  unit: 'KiB',
  candidates: [rtUnpack, gnuTar, umoci].map((make) => () => make({ quantity: 'memory' })),
  budgets: [{ what: 'rt unpack', value: (median) => median('rt unpack'), atMost: 150 * 1024, unit: 'KiB' }],
  rounds: 1,
}
