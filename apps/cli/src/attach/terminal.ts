import type { Terminal, TerminalSize } from '@rt/program'

/** How long output may still come when the program has ended; a process that it left behind may hold the terminal. */
const LAST_WORDS_MS = 1_000

/** The size of the terminal that rt was started on, where stdout is one. */
export const terminalSize = (): TerminalSize | undefined =>
  process.stdout.isTTY ? { rows: process.stdout.rows, columns: process.stdout.columns } : undefined

/** rt's own terminal connected to a container's. */
export interface Connection {
  /** All output has been written, and rt's terminal is as it was before. */
  end(): Promise<void>
}

/**
 * Keys go in, output comes out, and the sizes stay the same. rt's terminal is raw meanwhile, so that Ctrl-C and its like
 * are the container's. However rt ends but by SIGKILL, Node itself restores the terminal (uv_tty_reset_mode).
 *
 * @param interactive keys are passed on; else the terminal is only looked at, and Ctrl-C is a signal to rt
 */
export function connectTerminal(terminal: Terminal, interactive: boolean): Connection {
  const { stdin, stdout } = process
  const { stream } = terminal
  const isRaw = interactive && stdin.isTTY
  const resize = (): void => {
    const size = terminalSize()
    if (size) terminal.resize(size)
  }
  // What rt writes to is gone: let the program know as a closed terminal would.
  const hangUp = (): void => {
    stream.destroy()
  }
  if (isRaw) stdin.setRawMode(true)
  if (interactive) stdin.pipe(stream, { end: false })
  if (interactive && !stdin.isTTY) stdin.once('end', () => stream.write(END_OF_FILE))
  stream.pipe(stdout, { end: false })
  stdout.on('error', hangUp)
  process.on('SIGWINCH', resize)

  const drained = new Promise<void>((resolve) => stream.once('close', () => resolve()))
  return {
    async end() {
      process.off('SIGWINCH', resize)
      let timer: NodeJS.Timeout | undefined
      await Promise.race([drained, new Promise((resolve) => (timer = setTimeout(resolve, LAST_WORDS_MS)))])
      clearTimeout(timer)
      stream.destroy()
      if (isRaw) stdin.setRawMode(false)
      if (interactive) {
        stdin.unpipe(stream)
        stdin.destroy()
      }
    },
  }
}

/** Ctrl-D: what is piped into a terminal has no other way to end. */
const END_OF_FILE = '\x04'
