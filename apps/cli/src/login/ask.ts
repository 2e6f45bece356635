import { writeSync } from 'node:fs'
import { isatty, ReadStream } from 'node:tty'
import { SIGNALS } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { Interrupted } from '../attach/interrupted.js'

const STDIN = 0
const STDERR = 2
const [CTRL_C, CTRL_D, BACKSPACE, CTRL_U, DELETE] = [0x03, 0x04, 0x08, 0x15, 0x7f]

/**
 * Asks for a line on the terminal.
 *
 * @param hidden what is typed isn't shown
 * @throws RtError RT_INVALID_OPTION where stdin is no terminal, or ends; Interrupted by Ctrl-C. The terminal is as it was
 */
export async function ask(prompt: string, hidden: boolean): Promise<string> {
  if (!isatty(STDIN)) {
    throw invalid('cannot ask: stdin is no terminal', 'give -u USER, and the password by --password-stdin')
  }
  const stream = new ReadStream(STDIN)
  // Before anybody is asked: what is typed at once isn't to be echoed either.
  stream.setRawMode(true)
  try {
    writeSync(STDERR, prompt)
    return await lineOf(stream, hidden)
  } finally {
    stream.setRawMode(false)
    stream.destroy()
    writeSync(STDERR, '\n')
  }
}

async function lineOf(stream: ReadStream, hidden: boolean): Promise<string> {
  let typed: number[] = []
  for await (const chunk of stream) {
    for (const byte of chunk as Buffer) {
      if (byte === 0x0d || byte === 0x0a) return Buffer.from(typed).toString('utf8')
      if (byte === CTRL_C) throw new Interrupted(SIGNALS.SIGINT)
      if (byte === CTRL_D && typed.length === 0) throw invalid('the terminal has ended')
      if (byte === CTRL_U) typed = []
      else if (byte === BACKSPACE || byte === DELETE) {
        // All bytes of a letter.
        while (((typed.pop() ?? 0) & 0xc0) === 0x80);
        if (!hidden) writeSync(STDERR, '\b \b')
      } else {
        typed.push(byte)
        if (!hidden) writeSync(STDERR, Buffer.of(byte))
      }
    }
  }
  throw invalid('the terminal has ended')
}
