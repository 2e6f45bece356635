import { call, type Step } from '@rt/program'
import { CLONE_NEWUTS, type SyscallName } from '@rt/sys'
import { asked, refuse } from '../complaints.js'

/** __NEW_UTS_LEN of include/uapi/linux/utsname.h: bytes, without the NUL. */
const LONGEST = 64

/**
 * sethostname(2) in the container's UTS namespace.
 *
 * @param name at most 64 bytes
 * @throws RtError RT_INVALID_OPTION for an empty or too long name, or one with control characters
 */
export const hostname = (name: string, origin = 'default'): Step =>
  setName('hostname', 'sethostname', name, 'its own name', origin)

/** setdomainname(2), the NIS domain, likewise. */
export const domainname = (name: string, origin?: string): Step =>
  setName('domainname', 'setdomainname', name, 'its own NIS domain', origin)

function setName(what: string, syscall: SyscallName, name: string, why: string, origin: string | undefined): Step {
  const length = Buffer.byteLength(name)
  const message =
    length === 0
      ? 'is empty'
      : length > LONGEST
        ? `is ${length} bytes long; the kernel takes ${LONGEST}`
        : /\p{Cc}/u.test(name)
          ? `${JSON.stringify(name)} has a control character in it`
          : undefined
  refuse(`cannot set this ${what}`, message === undefined ? [] : [{ path: origin ?? what, message }])
  // Without a UTS namespace of the container's own it would be the host's name.
  return { name: what, why, ...asked(origin), needs: CLONE_NEWUTS, 'init.mount': [call(syscall, [name, length])] }
}
