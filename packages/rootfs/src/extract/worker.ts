import { parentPort } from 'node:worker_threads'
import { CLONE_FS, syscall, unshare } from '@rt/sys'
import { toErrorMessage } from './error-message.js'
import { type Job, type JobResult, runJob } from './job.js'

/**
 * The unpacking thread. It makes thousands of system calls that block, one after the other: names of one archive must be
 * made in its order.
 */
if (parentPort) {
  const port = parentPort
  // A umask of its own: files get the mode they are made with, and the rest of the process keeps its umask.
  unshare(CLONE_FS)
  syscall('umask', 0)
  port.on('message', (job: Job) => {
    let result: JobResult
    try {
      result = { value: runJob(job) }
    } catch (error) {
      result = { error: toErrorMessage(error) }
    }
    port.postMessage(result)
  })
}
