// Starts worker.ts as it is: for tests and examples, which run on the sources. Built packages have a worker of their own.
import { fileURLToPath } from 'node:url'

// Where @rt/* are the packages' sources. A worker's environment is its own; tsx reads it when it is loaded.
process.env.TSX_TSCONFIG_PATH = fileURLToPath(new URL('../../../../tsconfig.json', import.meta.url))
const { register } = await import('tsx/esm/api')
register()
await import('./worker.ts')
