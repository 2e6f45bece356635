import { ERRNO } from '@rt/sys'
import { type Check, fail, type Host, ok, warn } from './check.js'

const MINIMUM = [5, 15] as const

/** The kernel's version, its processor, and the system calls that rt is made of. */
export const kernelChecks = (host: Host): Check[] => [
  versionCheck(host),
  archCheck(host),
  callsCheck(host),
  newerCheck(host),
]

function versionCheck({ release }: Host): Check {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10))
  const enough = major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])
  const wanted = MINIMUM.join('.')
  return enough
    ? ok('kernel', `Linux ${release}`)
    : fail(
        'kernel',
        `Linux ${release}: rt needs ${wanted} or newer`,
        'upgrade the kernel: Ubuntu 22.04 and Debian 12 have a newer one',
      )
}

const archCheck = ({ arch }: Host): Check =>
  arch === 'x64' || arch === 'arm64'
    ? ok('processor', arch === 'x64' ? 'x86-64' : 'arm64')
    : fail('processor', arch, 'rt runs on x86-64 and arm64')

/** Each with arguments that any kernel that knows the call refuses before it does anything. */
const NEEDED: readonly (readonly [string, ...(number | string | null)[]])[] = [
  ['clone3', null, 0],
  ['close_range', 2, 1, 0],
  ['fsconfig', -1, 0, null, null, 0],
  ['fsmount', -1, 0, 0],
  ['fsopen', null, 0],
  ['memfd_create', null, 0],
  ['mount_setattr', -1, null, 0, null, 0],
  ['move_mount', -1, null, -1, null, 0],
  ['open_tree', -1, null, 0],
  ['openat2', -1, null, null, 0],
  ['pidfd_getfd', -1, -1, 0],
  ['pidfd_open', -1, 0],
  ['pidfd_send_signal', -1, 0, null, 0],
]

function callsCheck(host: Host): Check {
  const missing = NEEDED.filter(([name, ...args]) => host.call(name, ...args) === -ERRNO.ENOSYS).map(([name]) => name)
  return missing.length === 0
    ? ok('system calls', NEEDED.map(([name]) => name).join(', '))
    : fail(
        'system calls',
        `missing: ${missing.join(', ')}`,
        'the kernel is too old, or the seccomp filter of an outer container hides them',
      )
}

/** What newer kernels add, and what rt does without it. */
function newerCheck(host: Host): Check {
  const missing = (['statmount', 'listmount'] as const).filter(
    (name) => host.call(name, null, null, 0, 0) === -ERRNO.ENOSYS,
  )
  return missing.length === 0
    ? ok('newer calls', 'statmount, listmount')
    : ok('newer calls', `${missing.join(', ')} (Linux 6.8) not here; rt reads /proc/self/mountinfo instead`)
}

/** May a program be executed from memory? vm.memfd_noexec exists since Linux 6.3. */
export function memfdCheck(host: Host): Check {
  const level = host.read('/proc/sys/vm/memfd_noexec')?.trim()
  return level === '2'
    ? warn(
        'memfd exec',
        'vm.memfd_noexec is 2: programs in memory may not be executed, rt uses an unlinked file instead',
        'sysctl -w vm.memfd_noexec=0, if you want it',
      )
    : ok('memfd exec', level === undefined ? 'allowed' : `allowed (vm.memfd_noexec is ${level})`)
}
