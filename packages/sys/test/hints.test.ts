// requires nothing
import { ERRNO, type ErrnoName, hintFor, isSyscallName, SyscallError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { makeHints, NEWER } from '../src/hints.js'
import { outerFilterHint } from '../src/outer-filter.js'

/** Calls as they are printed, one at least for every row that looks at the call, and what has to be said of each. */
const EXAMPLES: readonly (readonly [syscall: string, errno: ErrnoName, call: string, remedy: string])[] = [
  ['move_mount', 'ENOSPC', 'move_mount(7, "", 9, "", MOVE_MOUNT_F_EMPTY_PATH)', 'fs.mount-max'],
  ['clone3', 'ENOSPC', 'clone3({flags=CLONE_NEWNS, exit_signal=SIGCHLD}, 88)', 'fs.mount-max'],
  ['unshare', 'EPERM', 'unshare(CLONE_NEWUSER)', 'unprivileged_userns_clone'],
  ['fsconfig', 'EPERM', 'fsconfig(5<proc>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)', 'fully visible'],
  ['mount', 'EPERM', 'mount("sysfs", "/sys", "sysfs", 0, NULL)', 'fully visible'],
  ['fsconfig', 'EINVAL', 'fsconfig(5<overlay>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)', 'for overlay:'],
  ['mount', 'EINVAL', 'mount("overlay", "/m", "overlay", 0, "lowerdir=/a,upperdir=/b,workdir=/c")', 'for overlay:'],
  [
    'mount_setattr',
    'EINVAL',
    'mount_setattr(5, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_IDMAP, userns_fd=6}, 32)',
    'cannot be id-mapped',
  ],
  [
    'write',
    'EBUSY',
    'write(5</sys/fs/cgroup/rt-x/memory.limit_in_bytes>, "4096", 4)',
    'uses more memory than this limit',
  ],
  [
    'write',
    'EBUSY',
    'write(5</sys/fs/cgroup/rt-x/cgroup.subtree_control>, "+pids", 5)',
    'either processes or controllers',
  ],
  ['write', 'EBUSY', 'write(5</sys/fs/cgroup/rt-x/cpuset.cpus>, "0", 1)', 'a child or sibling has claimed'],
  ['write', 'EPERM', 'write(5</proc/1/uid_map>, "0 0 1", 5)', 'written once, by the parent'],
  ['openat', 'EACCES', 'openat(AT_FDCWD, "/proc/1/gid_map", O_WRONLY)', 'not dumpable'],
  ['write', 'ENOSPC', 'write(5</sys/fs/cgroup/cpuset/rt-x/tasks>, "1", 1)', 'cpuset.cpus and cpuset.mems'],
  ['write', 'EINVAL', 'write(5</proc/1/oom_score_adj>, "1001", 4)', '-1000 to 1000'],
  ['write', 'EACCES', 'write(5</proc/1/oom_score_adj>, "-1000", 5)', 'CAP_SYS_RESOURCE'],
  ['mkdirat', 'EROFS', 'mkdirat(AT_FDCWD, "/sys/fs/cgroup/rt-x", 0755)', 'mounted read-only'],
]

const HINTS = makeHints()
const rows = HINTS.map((row, index) => [`row ${index}: ${row.calls.join(', ')} ${row.errno}`, row] as const)

describe('hints', () => {
  it.for(rows)('%s speaks for each of its calls', ([, row]) => {
    const { when } = row
    const fitting = EXAMPLES.filter(([, errno, call]) => errno === row.errno && when?.test(call))
    for (const syscall of row.calls) {
      const calls = when === undefined ? [`${syscall}(…)`] : fitting.map(([, , call]) => call)
      // No narrower row takes them all.
      expect(calls.map((call) => hintFor(syscall, row.errno, call))).toContain(row.hint)
    }
  })

  it.for(rows)('%s is about calls that exist', ([, row]) => {
    for (const syscall of row.calls) expect(isSyscallName(syscall), syscall).toBe(true)
    expect(row.errno in ERRNO).toBe(true)
    expect(row.hint).not.toMatch(/\.$/)
  })

  it.for(EXAMPLES)('%s %s: %s', ([syscall, errno, call, remedy]) => {
    expect(hintFor(syscall, errno, call)).toContain(remedy)
    // It is the call that makes the difference: without it the sentence is a wider one, or none.
    expect(hintFor(syscall, errno) ?? '').not.toContain(remedy)
  })

  it('know since when calls exist', () => {
    for (const syscall of Object.keys(NEWER)) expect(isSyscallName(syscall), syscall).toBe(true)
    expect(hintFor('openat2', 'ENOSYS')).toMatch('openat2 needs Linux 5.6 or later')
    expect(hintFor('read', 'ENOSYS')).toMatch('seccomp')
  })

  it('are silent where nothing is known', () => {
    expect(hintFor('read', 'EIO')).toBeUndefined()
    expect(hintFor('mount', 12345)).toBeUndefined()
    // A path that only contains the letters of a file system's name.
    expect(hintFor('mount', 'EPERM', 'mount("none", "/srv/processes", "tmpfs", 0, NULL)')).toMatch('CAP_SYS_ADMIN')
  })

  it('name an outer filter, where there is one that refuses such calls', () => {
    const hint = (syscall: string, errno: string, filtered: boolean) => outerFilterHint(syscall, errno, () => filtered)
    expect(hint('open_tree', 'EPERM', true)).toMatch('may forbid open_tree')
    expect(hint('open_tree', 'EPERM', false)).toBeUndefined()
    expect(hint('open_tree', 'EINVAL', true)).toBeUndefined()
    expect(hint('chown', 'EPERM', true)).toBeUndefined()
  })

  it('come with a SyscallError, for the errno of either sign', () => {
    expect(new SyscallError({ syscall: 'chroot', errno: -1 }).hint).toBe('chroot needs CAP_SYS_CHROOT')
    expect(new SyscallError({ syscall: 'chroot', errno: 1, hint: 'mine' }).hint).toBe('mine')
  })
})
