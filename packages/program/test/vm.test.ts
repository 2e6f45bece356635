// requires: gcc and aarch64-linux-gnu-gcc (Debian 12's), qemu-aarch64-static for the last one
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_WRONLY } from '@rt/sys'
import { afterAll, describe, expect, it } from 'vitest'
import { VM_CODE } from '../src/assemble/vm-code.js'
import {
  address,
  branch,
  buffer,
  call,
  compile,
  compute,
  decimal,
  decimalText,
  fail,
  goto,
  label,
  ref,
  sequence,
} from '../src/index.js'
import { execute, step } from './plans.js'

const build = fileURLToPath(new URL('../vm/build.sh', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'rt-vm-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const found = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0

describe('the checked-in machine code', () => {
  it('is what the compilers make of vm.c', (context) => {
    for (const tool of ['gcc', 'aarch64-linux-gnu-gcc']) if (!found(tool)) context.skip(`no ${tool} here`)
    const major = execFileSync('gcc', ['-dumpversion'], { encoding: 'utf8' }).trim()
    if (major !== '12') context.skip(`gcc ${major} here: the bytes are those of version 12`)
    const built = execFileSync('sh', [build, '--print'], { encoding: 'utf8' })
    const bytes = Object.fromEntries(Array.from(built.matchAll(/(x64|arm64):\s*'([^']+)'/g), (m) => [m[1], m[2]]))
    expect(bytes).toEqual(VM_CODE)
  })

  it('is under 400 bytes and makes no call but through its operations', () => {
    const x64 = Buffer.from(VM_CODE.x64, 'base64')
    expect(x64.length).toBeLessThan(400)
    expect(x64.toString('latin1').split('\x0f\x05')).toHaveLength(2) // one `syscall`
    const arm64 = Buffer.from(VM_CODE.arm64, 'base64')
    expect(arm64.length).toBeLessThan(400)
    const words = new Uint32Array(arm64.buffer.slice(arm64.byteOffset, arm64.byteOffset + arm64.length))
    expect(words.filter((word) => word === 0xd4000001)).toHaveLength(1) // one `svc 0`
  })
})

describe('the arm64 machine', () => {
  it('runs calls, sums, branches and loops, and reports what failed, under qemu-user', (context) => {
    if (!found('qemu-aarch64-static')) context.skip('no qemu-aarch64-static here')
    const file = join(folder, 'number')
    const plan = sequence(
      step('write a number', {
        'host.prepare': [
          compute('sum', 1_000_000, 3, 78_522),
          ...decimal('text', ref('sum')),
          call('openat', [-100, file, O_WRONLY | O_CREAT | O_EXCL, 0o600], { save: 'fd' }),
          call('write', [ref('fd'), decimalText('text'), 7]),
          call('close', [ref('fd')]),
          // The file is there now: the branch over the tolerated error is taken.
          call('openat', [-100, file, O_WRONLY | O_CREAT | O_EXCL, 0o600], { tolerate: ['EEXIST'] }),
          // O_DIRECTORY has another value there: this machine's would be O_DIRECT, which a file takes.
          call('openat', [-100, file, O_RDONLY | O_DIRECTORY], { tolerate: ['ENOTDIR'], save: 'directory' }),
          branch(ref('directory'), -20, { else: 'wrong' }),
          goto('right'),
          label('wrong'),
          fail('a file was opened as a directory'),
          label('right'),
          call('getcwd', [buffer('cwd', 64), 64]),
          call('write', [-1, address('cwd'), 1], { tolerate: 'any' }),
        ],
      }),
      step('nowhere', { 'host.prepare': [call('chdir', ['/nonexistent'])] }),
      step('exec', { 'init.execute': execute(['/bin/true']) }),
    )
    const elf = join(folder, 'arm64.elf')
    writeFileSync(elf, compile(plan, { arch: 'arm64' }), { mode: 0o755 })
    const result = spawnSync('qemu-aarch64-static', [elf], { encoding: 'utf8', timeout: 20_000 })
    expect(result.stderr).toBe('rt: nowhere (test): chdir("/nonexistent") = -1 ENOENT\n')
    expect(result.status).toBe(125)
    expect(existsSync(file) && readFileSync(file, 'latin1')).toBe('1235566')
  })
})
