import { writeSync } from 'node:fs'
import type { OnProgress, Progress } from '@rt/rootfs'
import { isTerminal } from '../attach/is-terminal.js'

const STDERR = 2
const WIDTH = 30

const DOING: Readonly<Record<Progress['phase'], string>> = {
  hash: 'reading',
  wait: 'waiting for another rt that unpacks the same',
  unpack: 'unpacking',
}

/** The line for a state of things. */
export function progressLine({ phase, done, total }: Progress): string {
  if (phase === 'wait' || total === 0) return `rt: ${DOING[phase]}...`
  const part = Math.min(done / total, 1)
  const full = Math.round(part * WIDTH)
  return `rt: ${DOING[phase]} [${'#'.repeat(full)}${' '.repeat(WIDTH - full)}] ${Math.floor(part * 100)} %`
}

/** A bar on stderr where that is a terminal, else silence. */
export interface ProgressBar {
  readonly onProgress: OnProgress
  /** Take the bar away. */
  end(): void
}

export function progressBar(): ProgressBar {
  let isShown: boolean | undefined
  let shown = ''
  const show = (line: string): void => {
    isShown ??= isTerminal(STDERR)
    if (!isShown || line === shown) return
    // Back to the first column, and erase what is longer of the old line (ECMA-48, EL).
    writeSync(STDERR, `\r${line}\x1b[K`)
    shown = line
  }
  return {
    onProgress: (progress) => show(progressLine(progress)),
    end: () => {
      if (shown !== '') show('')
    },
  }
}
