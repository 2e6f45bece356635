import { closeSync, read, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { buffer, call, type Step } from '@rt/program'
import { O_CLOEXEC, syscall } from '@rt/sys'

/** A step at which init stops until it is let go; the container's stdin and stdout are for it. */
export interface Pause {
  readonly step: Step
  /** fds for the container's stdin and stdout. */
  readonly stdin: number
  readonly stdout: number
  /** Resolves when init is there. */
  reached(): Promise<void>
  go(): void
  /** Close what this process holds. */
  close(): void
}

export function pause(): Pause {
  const [stdin, letGo] = pipe()
  const [news, stdout] = pipe()
  return {
    step: {
      name: 'pause',
      why: 'a test',
      'init.confine': [call('write', [1, '.', 1]), call('read', [0, buffer('byte', 8), 1])],
    },
    stdin,
    stdout,
    async reached() {
      // Not readSync: Node would take no news meanwhile.
      await promisify(read)(news, Buffer.alloc(1), 0, 1, null)
    },
    go: () => void writeSync(letGo, 'x'),
    close() {
      for (const fd of [stdin, letGo, news, stdout]) closeSync(fd)
    },
  }
}

function pipe(): [read: number, write: number] {
  const ends = new Int32Array(2)
  syscall('pipe2', new Uint8Array(ends.buffer), O_CLOEXEC)
  return [ends[0] as number, ends[1] as number]
}
