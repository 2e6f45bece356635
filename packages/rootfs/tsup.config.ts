import { library } from '../../tooling/tsup/library.ts'

// A worker thread starts from a file of its own, which the library looks for beside it.
export default library({ entry: { index: 'src/index.ts', 'extract-worker': 'src/extract/worker.ts' } })
