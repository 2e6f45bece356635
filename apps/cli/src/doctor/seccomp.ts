import { ERRNO, KEYCTL_GET_KEYRING_ID } from '@rt/sys'
import { type Check, fail, type Host, ok, warn } from './check.js'

/** What the default filter returns. */
const NEEDED = ['errno', 'allow', 'kill_thread']
const UNCONFINED = '--security-opt seccomp=unconfined runs containers without a filter'

/** May containers be given filters of system calls? */
export function seccompCheck(host: Host): Check {
  const actions = host.read('/proc/sys/kernel/seccomp/actions_avail')?.trim().split(' ')
  if (!actions) {
    return fail('seccomp', 'the kernel has no filters of system calls (CONFIG_SECCOMP_FILTER)', UNCONFINED)
  }
  const missing = NEEDED.filter((name) => !actions.includes(name))
  if (missing.length > 0) return fail('seccomp', `filters can’t return ${missing.join(', ')}`, UNCONFINED)
  // A pointer to nothing is refused only by who would read it.
  const refusal = host.call('seccomp', 1, 0, null)
  if (refusal === -ERRNO.ENOSYS || refusal === -ERRNO.EPERM) {
    return fail('seccomp', 'an outer filter forbids seccomp(2)', UNCONFINED)
  }
  const outer = /^Seccomp:\s*2$/m.test(host.read('/proc/self/status') ?? '') ? '; rt runs under a filter itself' : ''
  return ok('seccomp', `filters that return ${actions.join(', ')}${outer}`)
}

const SESSION_KEYRING = -3

/** Can a container get a session keyring of its own? */
export function keyringCheck(host: Host): Check {
  // ENOKEY: it has none yet, and could.
  const found = host.call('keyctl', KEYCTL_GET_KEYRING_ID, SESSION_KEYRING, 0, 0, 0)
  if (found === -ERRNO.ENOSYS) return ok('keyrings', 'the kernel has no keys, or an outer filter hides them')
  if (found === -ERRNO.EPERM || found === -ERRNO.EACCES) {
    return warn(
      'keyrings',
      'keyctl(2) is refused',
      'an outer container’s seccomp filter forbids it: nothing to do but there',
    )
  }
  return ok('keyrings', 'a session keyring for each container')
}
