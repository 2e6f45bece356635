// requires Linux with /dev/ptmx
import { readSync, writeSync } from 'node:fs'
import {
  close,
  ECHO,
  getTerminalAttributes,
  getWindowSize,
  ICANON,
  ISIG,
  OPOST,
  openPseudoTerminal,
  type PseudoTerminal,
  rawAttributes,
  setTerminalAttributes,
  setWindowSize,
  syscall,
  VMIN,
} from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let terminal: PseudoTerminal

beforeEach((context) => {
  if (process.platform !== 'linux') context.skip('needs Linux')
  terminal = openPseudoTerminal()
})
afterEach(() => {
  close(terminal.controller)
  close(terminal.peer)
})

/** What comes, up to this end: a terminal hands out what it has, not what was written. */
function read(fd: number, end: string): string {
  const bytes = Buffer.alloc(100)
  let text = ''
  while (!text.endsWith(end)) text += bytes.toString('latin1', 0, readSync(fd, bytes))
  return text
}

describe('a pseudoterminal', () => {
  it('has two ends, close-on-exec, and a number', () => {
    expect(terminal.index).toBeGreaterThanOrEqual(0)
    for (const fd of [terminal.controller, terminal.peer]) expect(syscall('fcntl', fd, 1)).toBe(1)
    const second = openPseudoTerminal()
    expect(second.index).not.toBe(terminal.index)
    close(second.controller)
    close(second.peer)
  })

  it('says where there is none, and leaves no fd', () => {
    expect(() => openPseudoTerminal('/rt-nowhere/ptmx')).toThrow('ENOENT')
    const next = syscall('fcntl', 0, 0, 3)
    close(next)
    // A file that opens and is no multiplexer.
    expect(() => openPseudoTerminal('/dev/null')).toThrow('ENOTTY')
    const after = syscall('fcntl', 0, 0, 3)
    close(after)
    expect(after).toBe(next)
  })

  it('keeps its size', () => {
    setWindowSize(terminal.controller, { rows: 50, columns: 132 })
    expect(getWindowSize(terminal.peer)).toEqual({ rows: 50, columns: 132 })
  })

  it('is cooked at first: lines, echo, \\n as \\r\\n', () => {
    writeSync(terminal.controller, 'ab\x7fc\n')
    expect(read(terminal.peer, '\n')).toBe('ac\n')
    expect(read(terminal.controller, '\n')).toBe('ab\b \bc\r\n')
    writeSync(terminal.peer, 'x\n')
    expect(read(terminal.controller, '\n')).toBe('x\r\n')
  })

  it('is raw after rawAttributes, and as before when those are given back', () => {
    const before = getTerminalAttributes(terminal.peer)
    expect(before.local & (ECHO | ICANON | ISIG)).toBe(ECHO | ICANON | ISIG)
    const raw = rawAttributes(before)
    expect(raw.local & (ECHO | ICANON | ISIG)).toBe(0)
    expect(raw.output & OPOST).toBe(0)
    expect(raw.characters[VMIN]).toBe(1)
    setTerminalAttributes(terminal.peer, raw)
    writeSync(terminal.controller, 'a\x03\x7f')
    expect(read(terminal.peer, '\x7f')).toBe('a\x03\x7f')
    writeSync(terminal.peer, 'x\n')
    expect(read(terminal.controller, '\n')).toBe('x\n')
    expect(getTerminalAttributes(terminal.peer)).toEqual(raw)
    setTerminalAttributes(terminal.peer, before, 'flush')
    expect(getTerminalAttributes(terminal.peer)).toEqual(before)
  })
})

describe('what is no terminal', () => {
  it('is ENOTTY', () => {
    const [from, to] = [0, 1].map(() => syscall('memfd_create', 'rt', 1)) as [number, number]
    expect(() => getTerminalAttributes(from)).toThrow('ENOTTY')
    expect(() => setTerminalAttributes(to, getTerminalAttributes(terminal.peer), 'now')).toThrow('ENOTTY')
    expect(() => getWindowSize(from)).toThrow('ENOTTY')
    expect(() => setWindowSize(from, { rows: 1, columns: 1 })).toThrow('ENOTTY')
    close(from)
    close(to)
  })
})
