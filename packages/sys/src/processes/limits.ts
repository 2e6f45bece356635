import { object, oneOf, word } from '../native/arguments.js'
import { syscall } from '../native/syscall.js'
import { decodeStruct, encodeStruct, structLayout } from '../structs.js'
import { RLIMITS, type RlimitName } from '../uapi/resource.js'

/** A resource limit; RLIM_INFINITY is none. Units are those of RLIMITS. */
export interface ResourceLimit {
  /** What counts. */
  readonly soft: bigint
  /** How far the soft one may be raised. */
  readonly hard: bigint
}

/**
 * `prlimit(pid, resource, NULL, &old)`: a limit of a process. prlimit(2).
 *
 * @param pid default 0: this process
 * @throws SyscallError ESRCH, EPERM for a process of another user without CAP_SYS_RESOURCE
 */
export function getResourceLimit(name: RlimitName, pid = 0): ResourceLimit {
  const old = Buffer.alloc(structLayout('rlimit64').size)
  syscall('prlimit64', pid, oneOf(RLIMITS, name, 'name'), null, old)
  const { rlim_cur, rlim_max } = decodeStruct('rlimit64', old)
  return { soft: rlim_cur as bigint, hard: rlim_max as bigint }
}

/**
 * `prlimit(pid, resource, &limit, NULL)`. prlimit(2).
 *
 * @throws SyscallError EPERM for raising the hard limit without CAP_SYS_RESOURCE, EINVAL if soft is above hard, ESRCH
 */
export function setResourceLimit(name: RlimitName, limit: ResourceLimit, pid = 0): void {
  const { soft, hard } = object(limit, 'limit')
  const rlimit = { rlim_cur: word(soft, 'limit.soft'), rlim_max: word(hard, 'limit.hard') }
  syscall('prlimit64', pid, oneOf(RLIMITS, name, 'name'), encodeStruct('rlimit64', rlimit), null)
}
