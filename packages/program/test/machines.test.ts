// requires root: one of the two machines runs in a new PID namespace
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { O_CREAT, O_WRONLY } from '@rt/sys'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import {
  apply,
  branch,
  buffer,
  call,
  compute,
  decimal,
  decimalText,
  fail,
  goto,
  type Instruction,
  label,
  ref,
  run,
  struct,
} from '../src/index.js'
import { shell, step } from './plans.js'

const folder = mkdtempSync(join(tmpdir(), 'rt-machines-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let file = ''
let count = 0
beforeEach(() => {
  file = join(folder, `out-${count++}`)
})

/** The same instructions, by the machine in the ELF (in the supervisor and in init) and by Node's own. */
const machines: Record<string, (instructions: Instruction[]) => Promise<void>> = {
  supervisor: async (instructions) => {
    await (await run(shell('exit 0', step('tested', { 'host.prepare': instructions })), { stdio: 'null' })).exited
  },
  init: async (instructions) => {
    await (await run(shell('exit 0', step('tested', { 'init.mount': instructions })), { stdio: 'null' })).exited
  },
  node: async (instructions) => {
    apply(step('tested', { 'init.mount': instructions }))
  },
}

const output = (): Instruction => call('openat', [-100, file, O_WRONLY | O_CREAT, 0o600], { save: 'out' })
const write = (text: string): Instruction => call('write', [ref('out'), text, text.length])
const written = (): string => readFileSync(file, 'latin1')

describe.each(Object.keys(machines))('the machine of %s', (name) => {
  const play = machines[name] as (typeof machines)[string]
  const needRoot = (context: { skip: (reason: string) => void }) => {
    if (process.getuid?.() !== 0 && name !== 'node') context.skip('needs root: new namespaces')
  }

  it.for([0, 7, 10, 42, 999, 1000, 123_456, 4_194_303, 9_999_999])('writes %d in decimal', async (number, context) => {
    needRoot(context)
    const digits = String(number)
    await play([
      output(),
      compute('n', number),
      ...decimal('text', ref('n'), '/x'),
      call('write', [ref('out'), decimalText('text'), digits.length + 2]),
    ])
    expect(written()).toBe(`${digits}/x`)
  })

  it('loops, branches under a mask and goes to labels', async (context) => {
    needRoot(context)
    await play([
      output(),
      compute('i', 0),
      label('again'),
      write('.'),
      compute('i', ref('i'), 1, 1),
      branch(ref('i'), 0x05, { mask: 0xff, else: 'again' }),
      branch(ref('i'), 0xff05, { then: 'never' }),
      goto('end'),
      label('never'),
      write('x'),
      label('end'),
      write('!'),
    ])
    expect(written()).toBe('.....!')
  })

  it('leads errors where they are sent, and on when they are tolerated', async (context) => {
    needRoot(context)
    await play([
      output(),
      call('chdir', ['/nonexistent'], { tolerate: ['EACCES', 'ENOENT'] }),
      write('a'),
      call('chdir', ['/nonexistent'], { tolerate: ['EACCES'], onError: { ENOENT: 'gone', '*': 'other' } }),
      write('x'),
      label('other'),
      write('y'),
      label('gone'),
      write('b'),
      call('chdir', ['/nonexistent'], { save: 'result', onError: { '*': 'any' } }),
      write('x'),
      label('any'),
      branch(ref('result'), -2, { else: 'wrong' }),
      write('c'),
      label('wrong'),
      call('close', [9999], { tolerate: 'any' }),
      write('d'),
    ])
    expect(written()).toBe('abcd')
  })

  it('fills a struct from words just before the call', async (context) => {
    needRoot(context)
    await play([
      output(),
      call('read', [-1, buffer('memory', 32), 0], { tolerate: 'any' }),
      compute('memory+8', 0x6f6c6c6568),
      compute('at', struct('timespec', { tv_sec: 1 }, 'unused'), 0, 0),
      compute('pointer', buffer('memory', 32), 8, 1),
      compute('length', 5),
      call('writev', [ref('out'), struct('iovec', { iov_base: ref('pointer'), iov_len: ref('length') }, 'vector'), 1]),
    ])
    expect(written()).toBe('hello')
  })

  it('points a struct’s field to constant bytes, and to text that ends with a NUL', async (context) => {
    needRoot(context)
    const from = (name: string, iov_base: Uint8Array | { text: string }, iov_len: number) =>
      call('writev', [ref('out'), struct('iovec', { iov_base, iov_len }, name), 1])
    await play([
      output(),
      from('bytes', Buffer.from([0xff, 0x00, 0x61]), 3),
      from('text', { text: 'hi' }, 3),
      call('writev', [ref('out'), struct('iovec', { iov_base: Buffer.from('unnamed'), iov_len: 7 }), 1]),
    ])
    expect(written()).toBe('\xff\0ahi\0unnamed')
  })

  it('names the step, the call, its values and the errno when one fails', async (context) => {
    needRoot(context)
    const failing = play([output(), write('a'), call('openat', [ref('out'), 'x', 0], { of: 'x' }), write('b')])
    await expect(failing).rejects.toMatchObject({
      step: 'tested',
      origin: 'test',
      code: 'ENOTDIR',
      syscall: 'openat',
      path: 'x',
      call: expect.stringMatching(/^openat\(\d+, "x", O_RDONLY\) = -1 ENOTDIR \(Not a directory\)$/),
    })
    expect(written()).toBe('a')
  })

  it('gives up with a sentence', async (context) => {
    needRoot(context)
    const failing = play([output(), fail('it is not what it should be', 'make it so'), write('x')])
    await expect(failing).rejects.toMatchObject({
      code: 'RT_UNSAFE',
      message: 'it is not what it should be',
      hint: 'make it so',
      step: 'tested',
    })
    expect(written()).toBe('')
  })
})

it('apply that fails closes what it had opened, and takes away what it had made', () => {
  const before = readdirSync('/proc/self/fd').length
  const made = join(folder, 'made')
  expect(() =>
    apply(
      step('makes', {
        'host.prepare': [call('mkdirat', [-100, made, 0o755])],
        'host.gone': [call('unlinkat', [-100, made, 0x200])],
      }),
      step('opens', {
        'host.open': [call('openat', [-100, folder, 0], { save: 'kept' })],
        'init.mount': [call('close', [9999])],
      }),
    ),
  ).toThrow('EBADF')
  expect(existsSync(made)).toBe(false)
  expect(readdirSync('/proc/self/fd').length).toBe(before)
})

it('apply closes what is still open when a step fails, and nothing twice: the number may be another’s by then', () => {
  const before = readdirSync('/proc/self/fd').length
  const opened = (save: string) => call('openat', [-100, folder, 0], { save })
  const closes = [opened('closed'), opened('kept'), call('close', [ref('closed')])]
  const fails = call('mkdirat', [-100, folder, 0o755])
  expect(() => apply(step('fails', { 'init.mount': [...closes, fails] }))).toThrow('EEXIST')
  expect(readdirSync('/proc/self/fd').length).toBe(before)

  const applied = apply(step('afterwards', { 'init.mount': [call('getpid', [])], 'host.gone': [...closes, fails] }))
  expect(applied.after()).toEqual([])
  expect(readdirSync('/proc/self/fd').length).toBe(before)
})
