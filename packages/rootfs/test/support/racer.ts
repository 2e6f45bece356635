import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { RENAME_EXCHANGE } from '@rt/sys'

/** Runs in a thread of its own, from text: it needs koffi and nothing else. */
const SOURCE = `
const { workerData: { koffi, one, other, exchange, shared } } = require('node:worker_threads')
const renameat2 = require(koffi).load(null).func('int renameat2(int, const char *, int, const char *, unsigned int)')
while (Atomics.load(shared, 0) === 0) if (renameat2(-100, one, -100, other, exchange) === 0) Atomics.add(shared, 1, 1)
`

/**
 * A thread that swaps two names as fast as it can: what a hostile process with a share in the tree would do, between the
 * look at a path and its use.
 */
export class Racer {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8))
  readonly #worker: Worker

  constructor(one: string, other: string) {
    const koffi = createRequire(new URL('../../../sys/package.json', import.meta.url)).resolve('koffi')
    const workerData = { koffi, one, other, exchange: RENAME_EXCHANGE, shared: this.#shared }
    this.#worker = new Worker(SOURCE, { eval: true, workerData })
  }

  /** Swaps so far. */
  get swaps(): number {
    return Atomics.load(this.#shared, 1)
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    Atomics.store(this.#shared, 0, 1)
    await ended
  }
}
