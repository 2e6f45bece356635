import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { CAPABILITIES, type CapabilityName, RtError } from '@rt/sys'
import { capabilitySet } from './available-capabilities.js'
import type { Text } from './candidates.js'
import { NAMESPACES, type NamespaceName } from './namespace-names.js'

/** What a second program of a container has to know about the first. */
export interface ContainerFacts {
  readonly pid: number
  /** Those that are not the caller's. Empty: the process is in no container. */
  readonly namespaces: readonly NamespaceName[]
  /** `NAME=value`: the environment that the process was started with, as far as it left it alone. */
  readonly env: readonly Text[]
  /** The capability sets; the bounding set is what a second program should be held to as well. */
  readonly bounding: readonly CapabilityName[]
  readonly permitted: readonly CapabilityName[]
  readonly noNewPrivileges: boolean
  /** A seccomp filter decides about its system calls; which one can't be seen. */
  readonly seccomp: boolean
  /** Its user namespace lets nobody drop groups: `user` needs `keepGroups` there. */
  readonly setgroupsDenied: boolean
}

/** Bytes of environ that are read. The kernel takes 6 MiB at most, a process can make it look longer. */
const LONGEST_ENVIRONMENT = 8 << 20

/**
 * Look at a process from outside, through the host's /proc: nothing of the container's file system is touched. The
 * process itself decides what its environment shows (prctl(2), PR_SET_MM): it is input, not truth.
 *
 * @param pid as the host numbers it
 * @throws RtError RT_NOT_FOUND if there is no such process, RT_PERMISSION if it may not be looked at
 */
export function inspectContainer(pid: number): ContainerFacts {
  const status = look(pid, () => readFileSync(`/proc/${pid}/status`, 'latin1'))
  return {
    pid,
    namespaces: look(pid, () => differing(pid)),
    env: look(pid, () => environment(pid)),
    bounding: names(capabilitySet(status, 'CapBnd')),
    permitted: names(capabilitySet(status, 'CapPrm')),
    setgroupsDenied: look(pid, () => readFileSync(`/proc/${pid}/setgroups`, 'latin1')).trim() === 'deny',
    noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status),
    seccomp: /^Seccomp:\s*2$/m.test(status),
  }
}

function look<T>(pid: number, at: () => T): T {
  try {
    return at()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') {
      throw new RtError('RT_NOT_FOUND', `no process ${pid}`, {
        cause: error,
        hint: 'the pid is the host’s, as `rt run` and ps on the host show it; inside the container it is another',
      })
    }
    if (code !== 'EACCES' && code !== 'EPERM') throw error
    throw new RtError('RT_PERMISSION', `cannot look at process ${pid}`, {
      cause: error,
      hint: 'it is another user’s, or has capabilities that the caller lacks: be root',
    })
  }
}

function differing(pid: number): NamespaceName[] {
  // A kernel need not have all of them (CONFIG_TIME_NS).
  const known = new Set(readdirSync('/proc/self/ns'))
  return (Object.keys(NAMESPACES) as NamespaceName[]).filter((name) => {
    const { file } = NAMESPACES[name]
    return known.has(file) && readlinkSync(`/proc/${pid}/ns/${file}`) !== readlinkSync(`/proc/self/ns/${file}`)
  })
}

const names = (bits: bigint): CapabilityName[] =>
  (Object.keys(CAPABILITIES) as CapabilityName[]).filter((name) => (bits >> BigInt(CAPABILITIES[name])) & 1n)

function environment(pid: number): Text[] {
  const file = openSync(`/proc/${pid}/environ`, constants.O_RDONLY)
  try {
    const chunks: Buffer[] = []
    for (let total = 0; total < LONGEST_ENVIRONMENT; ) {
      const chunk = Buffer.allocUnsafe(0x10000)
      const count = readSync(file, chunk, 0, chunk.length, null)
      if (count === 0) break
      chunks.push(chunk.subarray(0, count))
      total += count
    }
    return entries(Buffer.concat(chunks))
  } finally {
    closeSync(file)
  }
}

/** Entries end with a NUL. What is no `NAME=value` is left out: a process may write anything there. */
function entries(bytes: Buffer): Text[] {
  const found: Text[] = []
  for (let start = 0, end = bytes.indexOf(0); end >= 0; start = end + 1, end = bytes.indexOf(0, start)) {
    const entry = bytes.subarray(start, end)
    if (entry.indexOf('=') < 1) continue
    const text = entry.toString()
    found.push(Buffer.from(text).equals(entry) ? text : new Uint8Array(entry))
  }
  return found
}
