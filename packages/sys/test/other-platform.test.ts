// requires nothing: other systems are pretended
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = mkdtempSync('/tmp/rt-platform-')
afterAll(() => rmSync(folder, { recursive: true }))

/** What a fresh Node gives that runs this on the sources of @rt/sys. */
function node(code: string): unknown {
  const file = join(folder, 'test.mts')
  const body = `const result = () => { ${code} }`
  writeFileSync(file, `import * as sys from '@rt/sys'\n${body}\nconsole.log(JSON.stringify(result()))\n`)
  const { stdout, stderr } = spawnSync(
    join(root, 'node_modules/.bin/tsx'),
    ['--tsconfig', join(root, 'tsconfig.json'), file],
    { encoding: 'utf8' },
  )
  if (stderr) throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('on another system', () => {
  it('importing works, and a call says that it is not Linux', () => {
    const result = node(`
      Object.defineProperty(process, 'platform', { value: 'darwin' })
      try { sys.mount('none', '/', 'tmpfs') } catch (error) {
        return { code: error.code, isRtError: sys.RtError.isInstance(error), text: sys.formatError(error) }
      }
    `)
    expect(result).toEqual({
      code: 'RT_UNSUPPORTED_PLATFORM',
      isRtError: true,
      text: 'rt makes Linux system calls, and this is darwin\n  hint: run it on Linux 5.15 or newer: a virtual machine will do',
    })
  })

  it('what is pure works: tables, flags, printing', () => {
    const result = node(`
      Object.defineProperty(process, 'platform', { value: 'win32' })
      return [sys.ERRNO.ENOENT, sys.syscallNumber('openat', 'arm64'), sys.formatCall('umount2', ['/x', sys.MNT_DETACH])]
    `)
    expect(result).toEqual([2, 56, 'umount2("/x", MNT_DETACH)'])
  })
})

describe('on another processor', () => {
  it('a call says that it is not known', () => {
    const result = node(`
      Object.defineProperty(process, 'arch', { value: 'riscv64' })
      try { sys.unshare(0) } catch (error) { return { code: error.code, message: error.message } }
    `)
    expect(result).toEqual({
      code: 'RT_UNSUPPORTED_ARCH',
      message: 'cannot make system calls on riscv64: only x64 and arm64 are known',
    })
  })
})

describe('importing', () => {
  it('loads nothing native', () => {
    const loaded = `process.report.getReport().sharedObjects.some((file) => file.endsWith('koffi.node'))`
    expect(node(`return ${loaded}`)).toBe(false)
    if (process.platform === 'linux') {
      expect(node(`sys.unshare(0); return ${loaded}`)).toBe(true)
    }
  })
})
