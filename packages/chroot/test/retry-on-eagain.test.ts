// requires nothing: this process looks a path up
import { closeSync } from 'node:fs'
import { apply, call, type Step, struct } from '@rt/program'
import { AT_FDCWD, ERRNO, O_CLOEXEC, O_PATH, OPEN_HOW_SIZE_VER0, rawSyscall, syscallNumber } from '@rt/sys'
import { afterEach, expect, it, vi } from 'vitest'
import { BUSY, retryOnEagain } from '../src/root/retry-on-eagain.js'

// What a neighbour who renames all the time makes of a look-up is the kernel's answer, so it is given in its place.
vi.mock('@rt/sys', async (original) => {
  const sys = await original<typeof import('@rt/sys')>()
  return { ...sys, rawSyscall: vi.fn(sys.rawSyscall) }
})
const { rawSyscall: kernel } = await vi.importActual<typeof import('@rt/sys')>('@rt/sys')
afterEach(() => void vi.mocked(rawSyscall).mockImplementation(kernel))

const how = struct('open_how', { flags: O_PATH | O_CLOEXEC })
const step: Step = {
  name: 'look up',
  why: 'a test',
  'init.mount': retryOnEagain([
    call('openat2', [AT_FDCWD, '/', how, OPEN_HOW_SIZE_VER0], { save: 'found', onError: { EAGAIN: BUSY } }),
  ]),
}

it.each([0, 1, 63, 64])('a path that is busy %d times', (times) => {
  let asked = 0
  vi.mocked(rawSyscall).mockImplementation((number, args) =>
    number === syscallNumber('openat2') && asked++ < times ? -ERRNO.EAGAIN : kernel(number, args),
  )
  if (times < 64) closeSync(apply(step).word('found'))
  else expect(() => apply(step)).toThrow('something is renamed or mounted all the time')
  // 64 tries in all.
  expect(asked).toBe(Math.min(times + 1, 64))
})
