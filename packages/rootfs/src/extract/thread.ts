import { fileURLToPath } from 'node:url'
import type { Worker, WorkerOptions } from 'node:worker_threads'
import { RtError } from '@rt/sys'
import { fromErrorMessage } from './error-message.js'
import type { Extracted } from './extractor.js'
import type { Job, JobResult } from './job.js'

/** An unpacking thread; it takes one job at a time, and must be closed. */
export class ExtractThread {
  readonly #worker: Worker

  constructor() {
    this.#worker = startWorker()
  }

  /**
   * Runs a job.
   *
   * @returns undefined if the ring was closed before the archives were complete
   * @throws what stopped it; RtError RT_BROKEN_PROCESS if the thread died
   */
  run(job: Job): Promise<Extracted | undefined> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.#worker.off('message', onMessage).off('error', onError).off('exit', onExit)
        act()
      }
      const onMessage = (result: JobResult) =>
        settle(() => ('error' in result ? reject(fromErrorMessage(result.error)) : resolve(result.value)))
      const onError = (cause: Error) =>
        settle(() => reject(new RtError('RT_BROKEN_PROCESS', `the unpacking thread died: ${cause.message}`, { cause })))
      const onExit = (code: number) =>
        settle(() => reject(new RtError('RT_BROKEN_PROCESS', `the unpacking thread ended with exit code ${code}`)))
      this.#worker.on('message', onMessage).on('error', onError).on('exit', onExit)
      this.#worker.postMessage(job)
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** The built package and the CLI have the worker as a file beside them; the sources (tests, examples) need tsx to load it. */
function startWorker(): Worker {
  const here = import.meta.url
  // Not imported: a bundle would load it at every start.
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const options: WorkerOptions = { name: 'rt-extract' }
  if (!here.endsWith('.ts')) return new Worker(new URL('extract-worker.js', here), options)
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const worker = JSON.stringify(new URL('worker.ts', here).href)
  return new Worker(`import(${tsx}).then(({ register }) => { register(); return import(${worker}) })`, {
    ...options,
    eval: true,
    // Where @rt/* are sources.
    env: { ...process.env, TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../../tsconfig.json', here)) },
  })
}
