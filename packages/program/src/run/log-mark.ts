import { readSync, writeSync } from 'node:fs'
import { errnoName, RtError } from '@rt/sys'
import type { Program } from '../assemble/assemble.js'
import { LOG_ERROR, LOG_FAILED, LOG_MARK, LOG_REGION } from '../assemble/layout.js'

/** 32 bits (FNV-1a) of what each operation calls and which step it is of: whether a log is that of a program. */
function markOf({ sites }: Program): number {
  let hash = 0x811c9dc5
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ value, 0x01000193)
  }
  for (let i = 0; i < sites.length; i++) {
    const { step, instruction } = sites[i] as Program['sites'][number]
    mix(step)
    const word = instruction.kind === 'call' ? instruction.call : instruction.kind
    for (let k = 0; k < word.length; k++) mix(word.charCodeAt(k))
  }
  return hash >>> 0
}

/** Note in a log what it will be of. */
export function mark(fd: number, program: Program): void {
  const bytes = Buffer.alloc(LOG_REGION + 8 - LOG_MARK)
  bytes.writeUInt32LE(markOf(program))
  bytes.writeUInt32LE(program.regionSize, LOG_REGION - LOG_MARK)
  writeSync(fd, bytes, 0, bytes.length, LOG_MARK)
}

export function isMarked(fd: number, program: Program): boolean {
  const bytes = Buffer.alloc(4)
  readSync(fd, bytes, 0, 4, LOG_MARK)
  return bytes.readUInt32LE(0) === markOf(program)
}

/** What a log tells by itself, where the plan that it is of can't be had any more. */
export function bareFailure(fd: number, cause: unknown): RtError {
  const word = (at: number): number => {
    const bytes = Buffer.alloc(8)
    readSync(fd, bytes, 0, 8, at)
    return bytes.readInt32LE(0)
  }
  const region = word(LOG_REGION)
  let failed: string | undefined
  // The last process that was made is the first to have met with it.
  for (let at = 0; region > 0; at += region) {
    const bytes = Buffer.alloc(8)
    if (readSync(fd, bytes, 0, 8, at) === 0) break
    const errno = word(at + LOG_ERROR)
    if (errno < 0) failed = `operation ${word(at + LOG_FAILED)} of the set-up: ${errnoName(-errno)}`
  }
  return new RtError('RT_SYSCALL', failed ?? 'the container has ended, and it is not known why', {
    hint: 'which call that was can’t be said: what the container was made from has changed since',
    cause,
  })
}
