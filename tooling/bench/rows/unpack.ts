import { gnuTar, rtUnpack, umoci } from '../candidates/unpacked.js'
import { type Row, ratio } from '../row.js'

export const row: Row = {
  name: 'unpack',
  what: 'a 400 MB layer (tar.gz) to a folder in memory (tmpfs)',
  unit: 'ms',
  candidates: [() => rtUnpack(), () => gnuTar(), () => umoci()],
  budgets: [ratio('rt unpack', 'GNU tar', 1), ratio('rt unpack', 'umoci', 0.5)],
  rounds: 5,
}
