// requires nothing: directories are made in a folder of the test's own, by this process
import { closeSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { apply, call, ROOT, type Step } from '@rt/program'
import { AT_FDCWD, ERRNO, O_CLOEXEC, O_DIRECTORY, O_PATH, rawSyscall, syscallNumber } from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'
import { openDestination } from '../src/destination/destination.js'

// What a neighbour who renames all the time makes of the look-ups is the kernel's answer, so it is given in its place.
vi.mock('@rt/sys', async (original) => {
  const sys = await original<typeof import('@rt/sys')>()
  return { ...sys, rawSyscall: vi.fn(sys.rawSyscall) }
})
const { rawSyscall: kernel } = await vi.importActual<typeof import('@rt/sys')>('@rt/sys')

/** How often openat2 was asked; the answers with these numbers, counted from 0, are EAGAIN. */
function busy(isBusy: (index: number) => boolean): { asked: number } {
  const count = { asked: 0 }
  vi.mocked(rawSyscall).mockImplementation((number, args) => {
    if (number === syscallNumber('openat2') && isBusy(count.asked++)) return -ERRNO.EAGAIN
    return kernel(number, args)
  })
  return count
}

const destination = (root: string, path: string): Step => {
  const { main, aside } = openDestination(path, { make: 'directory', symlinks: 'in-root' })
  const opened = call('openat', [AT_FDCWD, root, O_PATH | O_DIRECTORY | O_CLOEXEC], { save: ROOT })
  return { name: 'destination', why: 'a test', 'init.mount': [opened, ...main, ...aside] }
}

describe('a destination', () => {
  let root: string
  let umask: number
  beforeEach(() => {
    root = temporaryFolder('destination')
    umask = process.umask(0o077)
  })
  afterEach(() => {
    process.umask(umask)
    vi.mocked(rawSyscall).mockImplementation(kernel)
  })
  /** Open it; then the umask is what it was. */
  const open = (path: string): void => {
    const applied = apply(destination(root, path))
    closeSync(applied.word('dest'))
    closeSync(applied.word(ROOT))
  }
  const umaskNow = () => {
    const now = process.umask(0o077)
    process.umask(now)
    return now
  }

  it('that is there is found at the 128th look-up, when all before were in vain', () => {
    mkdirSync(`${root}/there`)
    const count = busy((index) => index < 127)
    open('/there')
    expect(count.asked).toBe(128)
  })

  it('is not looked up a 129th time: a neighbour could hold up the start for ever', () => {
    mkdirSync(`${root}/there`)
    const count = busy(() => true)
    expect(() => open('/there')).toThrow('"/there" kept changing while it was looked up')
    expect(count.asked).toBe(128)
  })

  it('is made whatever the umask, which stays the caller’s', () => {
    open('/a/b/c')
    for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(`${root}/${path}`).mode & 0o7777).toBe(0o755)
    expect(umaskNow()).toBe(0o077)
  })

  it('is made from the beginning when something was renamed meanwhile, and the umask stays the caller’s', () => {
    // The second look-up is the one of "a", to make "b" in it; the sixth is the next round's.
    const count = busy((index) => index === 1 || index === 5)
    open('/a/b/c')
    expect(count.asked).toBeGreaterThan(6)
    expect(existsSync(`${root}/a/b/c`)).toBe(true)
    expect(umaskNow()).toBe(0o077)
  })

  it('that never comes to rest while it is made leaves the umask, too', () => {
    const count = busy((index) => index % 2 === 1)
    expect(() => open('/a/b/c')).toThrow('kept changing')
    expect(count.asked).toBe(256)
    expect(umaskNow()).toBe(0o077)
  })
})
