// Starts worker.ts as it is: for tests and examples, which run on the sources. Built packages have a worker of their own.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Where @rt/* are the packages' sources. A worker's environment is its own; tsx reads it when it is loaded.
process.env.TSX_TSCONFIG_PATH = join(fileURLToPath(import.meta.url), '../../../../../tsconfig.json')
const { register } = await import('tsx/esm/api')
register()
await import('./worker.ts')
