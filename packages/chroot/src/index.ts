/** Steps that change the root and exec. */
export { type ExecOptions, exec } from './exec.js'
export { hostname } from './hostname.js'
export { root } from './root.js'
