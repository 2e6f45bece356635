import { writeSync } from 'node:fs'
import { RtError } from '@rt/sys'

const STDOUT = 1

/** What reads our output went away (`rt … | head -1`): the program ends quietly. */
export class BrokenPipe extends Error {}

/** Write text to stdout, as `printTo` does. */
export const print = (text: string): void => printTo(STDOUT, text)

/**
 * Write text, all of it, before going on. process.stdout is not used: it loads Node's streams and terminals (5 ms), and on
 * a pipe it loses what is unwritten when the process exits.
 *
 * @param fd 1 or 2
 * @throws BrokenPipe
 * @throws RtError if the text could not be written (a full disk)
 */
export function printTo(fd: number, text: string): void {
  let bytes = Buffer.from(text)
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') throw new BrokenPipe()
      // Another program left the pipe non-blocking.
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      else {
        const name = fd === STDOUT ? 'stdout' : 'stderr'
        throw new RtError('RT_SYSCALL', `cannot write to ${name}: ${(error as Error).message}`, { cause: error })
      }
    }
  }
}

/** Data for programs: one JSON document and a newline. */
export const json = (data: unknown): string => `${JSON.stringify(data, jsonValue, 2)}\n`

export const printJson = (data: unknown): void => print(json(data))

/** JSON has no bigint: as a number where it is exact, else as text. */
const jsonValue = (_: string, value: unknown): unknown =>
  typeof value !== 'bigint' ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
