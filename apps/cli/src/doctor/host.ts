import { accessSync, readFileSync } from 'node:fs'
import { arch, release, userInfo } from 'node:os'
import { detectCgroups } from '@rt/cgroups'
import { rawSyscall, type SyscallName, syscallNumber } from '@rt/sys'
import type { Host } from './check.js'

/** This machine. */
export function thisHost(): Host {
  return {
    read(path) {
      try {
        return readFileSync(path, 'utf8')
      } catch {
        // Whatever the reason, the answer is "not to be read": checks decide what that means.
        return undefined
      }
    },
    exists(path) {
      try {
        accessSync(path)
        return true
      } catch {
        return false
      }
    },
    call: (name, ...args) => rawSyscall(syscallNumber(name as SyscallName), args),
    cgroups: detectCgroups(),
    uid: process.getuid?.() ?? -1,
    userName: name(),
    release: release(),
    arch: arch(),
  }
}

/** The user's name, or the number of one who is not in /etc/passwd. */
function name(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}
