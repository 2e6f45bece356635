// requires busybox (static), gcc for one test; files are read, none is executed
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hostArch } from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { isElf, readElf } from '../src/exec/elf-interpreter.js'
import { diagnoseExec } from '../src/index.js'

let directory: string
let fd: number
beforeEach(() => {
  directory = temporaryFolder('diagnose')
  for (const name of ['bin', 'first', 'lib']) mkdirSync(join(directory, name))
  fd = openSync(directory, 'r')
})
afterEach(() => closeSync(fd))

const plant = (path: string, content: string | Buffer, mode = 0o755) =>
  writeFileSync(join(directory, path), content, { mode })
const diagnose = (command: string, cwd = '/') =>
  diagnoseExec(fd, command, { env: ['PATH=/nowhere:/first:/bin'], cwd, origin: 'COMMAND' })

/** A 64-bit ELF header with one program header, which names an interpreter. */
function elf({ machine = hostArch() === 'x64' ? 62 : 183, type = 3, interpreter = '' }): Buffer {
  const bytes = Buffer.alloc(64 + 56 + 200)
  bytes.write('\x7fELF\x02\x01\x01', 'latin1')
  bytes.writeUInt16LE(type, 16)
  bytes.writeUInt16LE(machine, 18)
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeUInt16LE(56, 54)
  bytes.writeUInt16LE(1, 56)
  bytes.writeUInt32LE(interpreter ? 3 : 1, 64)
  bytes.writeBigUInt64LE(120n, 64 + 8)
  bytes.writeBigUInt64LE(BigInt(interpreter.length + 1), 64 + 32)
  bytes.write(interpreter, 120)
  return bytes
}

describe('not found: a shell’s 127', () => {
  it.each<[string, () => void, string, string | undefined]>([
    ['tool', () => {}, 'cannot run "tool": not found in $PATH', 'looked in the root’s /nowhere:/first:/bin'],
    ['/bin/tool', () => {}, 'cannot run "/bin/tool": no such file', 'the path is looked up inside the root'],
    [
      'tool',
      () => symlinkSync('/etc/passwd', join(directory, 'bin/tool')),
      'cannot run "tool": not found in $PATH',
      'looked in the root’s /nowhere:/first:/bin',
    ],
    [
      'tool',
      () => plant('bin/tool', '#! /no/such/sh -e\n'),
      'cannot run "tool": the #! interpreter of "/bin/tool", "/no/such/sh", does not exist',
      'the interpreter is looked up inside the root',
    ],
    [
      'tool',
      () => plant('bin/tool', '#!/bin/sh\r\necho\r\n'),
      'cannot run "tool": the #! interpreter of "/bin/tool", "/bin/sh\\r", does not exist',
      'the script has the line ends of DOS: remove the carriage returns',
    ],
    [
      'tool',
      () => plant('bin/tool', elf({ interpreter: '/lib/ld-musl.so.1' })),
      'cannot run "tool": the ELF interpreter of "/bin/tool", "/lib/ld-musl.so.1", does not exist',
      'the program is linked against another C library (musl or glibc) than the root has, or for another processor',
    ],
    [
      'tool',
      () => {
        plant('bin/tool', '#!/bin/other')
        plant('bin/other', elf({ interpreter: '/lib/none' }))
      },
      'cannot run "tool": the #! interpreter of "/bin/tool": the ELF interpreter of "/bin/other", "/lib/none", does not exist',
      expect.any(String),
    ],
  ])('%s', (command, prepare, message, hint) => {
    prepare()
    expect(diagnose(command)).toMatchObject({ code: 'RT_COMMAND_NOT_FOUND', message, hint, origin: 'COMMAND' })
  })
})

it.each([0o100, 0o010, 0o001])(
  'a file of mode %o is executable to somebody: the kernel says whether to this user',
  (mode) => {
    plant('bin/tool', elf({}), 0o444 | mode)
    expect(diagnose('tool')).toBeUndefined()
  },
)

describe('not executable: a shell’s 126', () => {
  it.each<[string, () => void, string]>([
    ['tool', () => plant('bin/tool', '', 0o644), '"/bin/tool" is not executable'],
    ['/bin', () => {}, '"/bin" is a directory, expected an executable file'],
    [
      'tool',
      () => mkdirSync(join(directory, 'first/tool')),
      '"/first/tool" is a directory, expected an executable file',
    ],
    [
      'tool',
      () => execFileSync('mkfifo', [join(directory, 'bin/tool')]),
      '"/bin/tool" is a fifo, expected an executable file',
    ],
    ['tool', () => plant('bin/tool', 'echo hi\n'), '"/bin/tool" is neither an ELF program nor a script with #!'],
    ['tool', () => plant('bin/tool', ''), '"/bin/tool" is neither an ELF program nor a script with #!'],
    ['tool', () => plant('bin/tool', '#!  \n'), '"/bin/tool" names no interpreter after #!'],
    ['tool', () => plant('bin/tool', elf({ machine: 22 })), `"/bin/tool" is for s390x, and this is ${hostArch()}`],
    [
      'tool',
      () => plant('bin/tool', elf({ machine: 4711 })),
      `"/bin/tool" is for machine 4711, and this is ${hostArch()}`,
    ],
    ['tool', () => plant('bin/tool', elf({ type: 1 })), '"/bin/tool" is an object file or a core dump'],
    ['tool', () => plant('bin/tool', '\x7fELF\x02\x01'), '"/bin/tool" is cut off'],
    [
      'tool',
      () => {
        plant('bin/tool', '#!/bin/sh')
        plant('bin/sh', '', 0o644)
      },
      'the #! interpreter of "/bin/tool": "/bin/sh" is not executable',
    ],
    [
      'tool',
      () => {
        plant('bin/tool', '#!/bin/tool')
      },
      'the #! interpreter of "/bin/tool": the #! interpreter of "/bin/tool": ',
    ],
  ])('%s: %#', (command, prepare, message) => {
    prepare()
    const found = diagnose(command)
    expect(found).toMatchObject({ code: 'RT_COMMAND_NOT_EXECUTABLE' })
    expect(found?.message).toContain(`cannot run "${command}": ${message}`)
  })
})

describe('nothing wrong with the files', () => {
  it('a static program, a script of it, both by relative names', (context) => {
    needs(context, 'busybox')
    plant('bin/busybox', readFileSync('/bin/busybox'))
    plant('bin/script', '#!/bin/busybox sh\n')
    expect(diagnose('busybox')).toBeUndefined()
    expect(diagnose('script')).toBeUndefined()
    expect(diagnose('./script', '/bin')).toBeUndefined()
    expect(diagnose('../bin/script', '/lib')).toBeUndefined()
    expect(diagnose('./script', '/lib')).toMatchObject({ code: 'RT_COMMAND_NOT_FOUND' })
  })

  it('a program with its ELF interpreter, which may be a symlink', () => {
    plant('bin/tool', elf({ interpreter: '/lib/ld.so' }))
    plant('lib/real', elf({}))
    symlinkSync('/lib/real', join(directory, 'lib/ld.so'))
    expect(diagnose('tool')).toBeUndefined()
  })

  it('one of two candidates that works', () => {
    plant('first/tool', '', 0o644)
    plant('bin/tool', elf({}))
    expect(diagnose('tool')).toBeUndefined()
  })
})

it('reads the interpreter of a real program as readelf does', (context) => {
  needs(context, 'gcc')
  const program = readFileSync(process.execPath)
  expect(isElf(program)).toBe(true)
  const shown = execFileSync('readelf', ['-l', process.execPath], { encoding: 'utf8' })
  const interpreter = /program interpreter: ([^\]]+)\]/.exec(shown)?.[1]
  expect(interpreter).toBeDefined()
  expect(readElf(program.subarray(0, 0x10000))).toEqual({ runs: true, interpreter: Buffer.from(interpreter as string) })
})

it('whatever the bytes are, they are no reason to throw', () => {
  // A generator that gives the same bytes every time.
  let state = 1
  const random = (below: number) => {
    state = (state * 48271) % 0x7fffffff
    return state % below
  }
  for (let i = 0; i < 20_000; i++) {
    const bytes = elf({ interpreter: '/lib/ld.so' }).subarray(0, 4 + random(300))
    for (let changes = random(6); changes >= 0; changes--)
      bytes[4 + random(Math.max(1, bytes.length - 4))] = random(256)
    expect(readElf(bytes)).toHaveProperty('runs')
  }
})
