import { library } from '../../tooling/tsup/library.ts'

// Older than what the rest needs: nothing here is native, and it runs wherever a registry is to be read.
export default library({ target: 'node20.3' })
