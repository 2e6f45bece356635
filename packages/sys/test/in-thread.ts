import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const source = fileURLToPath(new URL('../src/index.ts', import.meta.url))
const tsx = createRequire(import.meta.url).resolve('tsx/cjs/api')

/**
 * Run code in a thread of its own and give back what it returns. `sys` is this package, `fs` is node:fs, `data` what was
 * passed; all is loaded before the code changes the thread's root.
 */
export function inThread<T>(code: string, data: unknown = null): Promise<T> {
  const script = `
    const { parentPort, workerData: data } = require('node:worker_threads')
    const fs = require('node:fs')
    require(${JSON.stringify(tsx)}).register()
    const sys = require(${JSON.stringify(source)})
    parentPort.postMessage((() => { ${code} })())`
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { eval: true, workerData: data })
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', (exit) => reject(new Error(`the thread ended with ${exit} and said nothing`)))
  })
}
