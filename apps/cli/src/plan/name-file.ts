import { writeFileSync } from 'node:fs'
import { RtError, textBytes } from '@rt/sys'
import { quote } from '../values/quote.js'

/** `--cidfile`: never over a file that is there, which may be that of a container that runs. */
export function writeName(file: string, name: string): void {
  try {
    writeFileSync(textBytes(file), name, { flag: 'wx' })
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST'
    const message = isThere
      ? `${quote(file)} is there already`
      : `cannot write ${quote(file)}: ${(error as Error).message}`
    throw new RtError(isThere ? 'RT_EXISTS' : 'RT_SYSCALL', message, {
      origin: '--cidfile',
      cause: error,
      ...(isThere ? { hint: 'remove it, if its container is gone' } : {}),
    })
  }
}
