import type { Worker } from 'node:worker_threads'
import { RtError } from '@rt/sys'
import { fromErrorMessage } from './error-message.js'
import type { Extracted } from './extractor.js'
import type { Job, JobResult } from './job.js'

/** An unpacking thread; it takes one job at a time, and must be closed. */
export class ExtractThread {
  readonly #worker = startWorker()
  /** Never fulfilled; rejected when the thread is gone. */
  readonly #death: Promise<never>

  constructor() {
    this.#death = new Promise((_, reject) => {
      const died = (how: string, cause?: Error) =>
        reject(new RtError('RT_BROKEN_PROCESS', `the unpacking thread ${how}`, { cause }))
      this.#worker.on('error', (error) => died(`died: ${error.message}`, error))
      this.#worker.on('exit', (code) => died(`ended with exit code ${code}`))
    })
    this.#death.catch(() => {}) // told to whoever has a job running, and is no news after close()
  }

  /**
   * Runs a job.
   *
   * @returns undefined if the ring was closed before the archives were complete, and for jobs that have no result
   * @throws what stopped it; RtError RT_BROKEN_PROCESS if the thread died
   */
  async run(job: Job): Promise<Extracted | undefined> {
    const answer = new Promise<JobResult>((resolve) => this.#worker.once('message', resolve))
    this.#worker.postMessage(job)
    const result = await Promise.race([answer, this.#death])
    if ('error' in result) throw fromErrorMessage(result.error)
    return result.value
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}

/**
 * Node looks up the working directory as it starts a thread, and lets it die without one.
 *
 * @throws RtError RT_NOT_FOUND if somebody has removed it
 */
function needWorkingDirectory(): void {
  try {
    process.cwd()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new RtError('RT_NOT_FOUND', `the working directory is gone (getcwd: ${code}): no thread starts without one`, {
      cause,
      hint: 'change to another directory',
    })
  }
}

/** The built package and the CLI have the worker as a file beside them; from the sources tsx must load it. */
function startWorker(): Worker {
  needWorkingDirectory()
  const here = import.meta.url
  const file = here.endsWith('.ts') ? 'worker-from-source.mjs' : 'extract-worker.js'
  // Not imported: a bundle would load it at every start.
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  return new Worker(new URL(file, here), { name: 'rt-extract' })
}
