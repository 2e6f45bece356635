import { type ErrnoName, errnoName } from './errno.js'

/** An errno that misleads, or that has one usual cause: which call, when, and what to do. */
interface Hint {
  readonly calls: readonly string[]
  readonly errno: ErrnoName
  /** Only if the call as strace prints it matches. */
  readonly when?: RegExp
  readonly hint: string
}

const NEW_USER = /CLONE_NEWUSER/
const MOUNTING = ['mount', 'move_mount', 'open_tree', 'fsmount', 'unshare', 'clone', 'clone3']

/** The first row that matches speaks; narrow rows stand before wide ones. Made for an error, and not at every start. */
export const makeHints = (): readonly Hint[] => [
  {
    calls: MOUNTING,
    errno: 'ENOSPC',
    when: /mount|open_tree|CLONE_NEWNS\b/,
    hint: 'not the disk: the mount namespace is at its limit; raise it with `sysctl -w fs.mount-max=…`',
  },
  {
    calls: ['unshare', 'clone', 'clone3'],
    errno: 'ENOSPC',
    hint: 'a limit on nested or counted namespaces was reached: see /proc/sys/user/max_*_namespaces (32 levels at most)',
  },
  {
    calls: ['unshare', 'clone', 'clone3'],
    errno: 'EPERM',
    when: NEW_USER,
    hint:
      'user namespaces are forbidden here: check /proc/sys/kernel/unprivileged_userns_clone (Debian), ' +
      '/proc/sys/kernel/apparmor_restrict_unprivileged_userns (Ubuntu 23.10 and later), /proc/sys/user/max_user_namespaces, ' +
      "that the process is not chrooted, and an outer container's seccomp profile",
  },
  {
    calls: ['unshare', 'clone', 'clone3'],
    errno: 'EPERM',
    hint: 'new namespaces need CAP_SYS_ADMIN: run as root, or add a user namespace',
  },
  {
    calls: ['unshare', 'setns'],
    errno: 'EINVAL',
    hint:
      'a process with several threads cannot enter a new user namespace (unshare) or one whose threads share their ' +
      'directory (setns to a mount namespace): do it in a fresh process',
  },
  {
    calls: ['unshare', 'clone', 'clone3'],
    errno: 'EUSERS',
    hint: 'more than 32 user or pid namespaces are nested',
  },
  {
    calls: ['clone', 'clone3', 'fork', 'vfork'],
    errno: 'EAGAIN',
    hint: 'a limit on processes was reached: pids.max of the cgroup, RLIMIT_NPROC or kernel.pid_max',
  },
  {
    calls: ['clone', 'clone3', 'fork', 'vfork'],
    errno: 'ENOMEM',
    hint: 'the pid namespace has no init any more, or memory is short',
  },
  {
    calls: ['mount', 'fsmount', 'fsconfig'],
    errno: 'EPERM',
    when: /\b(proc|sysfs)\b/,
    hint:
      "inside a user namespace proc and sysfs can be mounted only if the host's are fully visible (nothing mounted over " +
      "parts of them) and the pid or network namespace belongs to that user namespace; bind the host's instead",
  },
  {
    calls: ['mount', 'fsmount', 'fsconfig', 'open_tree', 'move_mount', 'mount_setattr', 'umount2', 'pivot_root'],
    errno: 'EPERM',
    hint:
      'mounting needs CAP_SYS_ADMIN in the user namespace that owns the mount namespace; flags locked by a more ' +
      'privileged namespace (ro, nosuid, nodev, noexec) cannot be cleared, and an LSM may forbid it',
  },
  {
    calls: ['mount', 'fsmount', 'fsconfig'],
    errno: 'ENODEV',
    hint: 'the kernel has no such file system: see /proc/filesystems, a module may have to be loaded',
  },
  {
    calls: ['fsopen'],
    errno: 'ENODEV',
    hint: 'the kernel has no such file system: see /proc/filesystems, a module may have to be loaded',
  },
  {
    calls: ['mount', 'fsconfig'],
    errno: 'EINVAL',
    when: /overlay|lowerdir|upperdir|workdir|FSCONFIG_CMD_CREATE/,
    hint:
      'see the last lines of dmesg; for overlay: upperdir and workdir (empty) must be on one file system that is not ' +
      'itself an overlay, lowerdir must exist, and a string holds 256 bytes (use lowerdir+ from Linux 6.8 or short names)',
  },
  {
    calls: ['mount'],
    errno: 'EBUSY',
    hint: 'the file system is mounted with other options already, or a read-only remount meets files open for writing',
  },
  {
    calls: ['mount', 'move_mount'],
    errno: 'EINVAL',
    hint:
      'a mount that propagates (shared) cannot be moved, and the target must be a mount point of this mount namespace: ' +
      'make propagation private first; a bind of a tree with locked mounts needs MS_REC',
  },
  {
    calls: ['mount', 'move_mount'],
    errno: 'ENOTDIR',
    hint: 'source and destination must both be directories or both be files',
  },
  { calls: ['mount', 'move_mount'], errno: 'ELOOP', hint: 'a tree cannot be moved beneath itself' },
  {
    calls: ['umount2'],
    errno: 'EINVAL',
    hint: 'not a mount point, or locked: it came from a more privileged mount namespace',
  },
  {
    calls: ['umount2'],
    errno: 'EBUSY',
    hint: 'a process has an open file or its working directory there; MNT_DETACH unmounts lazily',
  },
  {
    calls: ['mount_setattr'],
    errno: 'EINVAL',
    when: /MOUNT_ATTR_IDMAP/,
    hint: 'this file system cannot be id-mapped by this kernel, or the mount is attached already (id-map a detached one)',
  },
  {
    calls: ['pivot_root'],
    errno: 'EINVAL',
    hint:
      'the new root must be a mount point, neither it nor the current root may have shared propagation, and the current root must not ' +
      'be the initramfs (there, only chroot with MS_MOVE works)',
  },
  { calls: ['pivot_root'], errno: 'EBUSY', hint: 'the new root is on the current root mount: bind it to itself first' },
  { calls: ['chroot'], errno: 'EPERM', hint: 'chroot needs CAP_SYS_CHROOT' },
  {
    calls: ['openat2'],
    errno: 'EXDEV',
    hint: 'the path leads out of its root, by `..`, an absolute symlink or a mount',
  },
  {
    calls: ['openat2'],
    errno: 'ELOOP',
    hint: 'the path contains a symlink (or a magic link of /proc) where none is allowed',
  },
  {
    calls: ['openat2'],
    errno: 'EAGAIN',
    hint: 'something was renamed or mounted while the path was walked; try again',
  },
  { calls: ['openat2', 'open', 'openat'], errno: 'ETXTBSY', hint: 'the file is a running program' },
  {
    calls: ['execve', 'execveat'],
    errno: 'ENOENT',
    hint: 'the file, its #! interpreter or its ELF interpreter does not exist',
  },
  { calls: ['execve', 'execveat'], errno: 'EACCES', hint: 'not an executable regular file, or on a mount with noexec' },
  {
    calls: ['execve', 'execveat'],
    errno: 'ENOEXEC',
    hint: 'not a program for this machine: a script without #!, or another processor',
  },
  {
    calls: ['execve', 'execveat'],
    errno: 'E2BIG',
    hint: 'arguments and environment are too long: 128 KiB each, a quarter of the stack limit in all',
  },
  { calls: ['execve', 'execveat'], errno: 'EAGAIN', hint: "the user's RLIMIT_NPROC is exceeded" },
  { calls: ['execve', 'execveat'], errno: 'ETXTBSY', hint: 'the file is still open for writing' },
  {
    calls: ['write'],
    errno: 'EBUSY',
    when: /memory\./,
    hint: 'the cgroup already uses more memory than this limit: set it higher, or before processes join',
  },
  {
    calls: ['write'],
    errno: 'EBUSY',
    when: /cgroup\.(subtree_control|procs)/,
    hint: 'cgroup v2: a cgroup has either processes or controllers for its children, not both',
  },
  {
    calls: ['write'],
    errno: 'EBUSY',
    when: /cgroup/,
    hint: 'the cgroup is in use, or a child or sibling has claimed what is set',
  },
  {
    calls: ['write'],
    errno: 'EPERM',
    when: /uid_map|gid_map/,
    hint:
      'a map can be written once, by the parent user namespace; without CAP_SETUID only the own id, and for gid_map `deny` must be in ' +
      'setgroups first',
  },
  {
    calls: ['write', 'openat', 'openat2', 'open'],
    errno: 'EACCES',
    when: /uid_map|gid_map/,
    hint: 'the process is not dumpable: its maps belong to root then; write them before or make it dumpable for that moment',
  },
  {
    calls: ['write'],
    errno: 'ENOSPC',
    when: /cpuset|cgroup\.procs|\/tasks/,
    hint: 'cgroup v1 cpuset: cpuset.cpus and cpuset.mems must be set before a process can join',
  },
  { calls: ['write'], errno: 'EINVAL', when: /oom_score_adj/, hint: 'the range is -1000 to 1000' },
  { calls: ['write'], errno: 'EACCES', when: /oom_score_adj/, hint: 'lowering it needs CAP_SYS_RESOURCE' },
  { calls: ['prlimit64', 'setrlimit'], errno: 'EPERM', hint: 'raising a hard limit needs CAP_SYS_RESOURCE' },
  {
    calls: ['mkdir', 'mkdirat'],
    errno: 'EROFS',
    when: /cgroup/,
    hint: 'cgroups are mounted read-only here, as inside a container',
  },
  {
    calls: ['mknod', 'mknodat'],
    errno: 'EPERM',
    hint: "a user namespace cannot make device nodes: bind the host's; else CAP_MKNOD is missing",
  },
  {
    calls: ['setgroups'],
    errno: 'EPERM',
    hint: 'CAP_SETGID is missing, or `deny` is in /proc/self/setgroups of the user namespace',
  },
  {
    calls: ['setuid', 'setresuid', 'setgid', 'setresgid', 'chown', 'lchown', 'fchown', 'fchownat'],
    errno: 'EINVAL',
    hint: 'the id has no mapping in this user namespace',
  },
  {
    calls: ['capset', 'prctl'],
    errno: 'EPERM',
    hint: 'a process can only keep or drop capabilities that it has; dropping from the bounding set needs CAP_SETPCAP',
  },
  { calls: ['memfd_create'], errno: 'EACCES', hint: 'sysctl vm.memfd_noexec=2 forbids executable memfds' },
  { calls: ['seccomp'], errno: 'EACCES', hint: 'set no_new_privs first, or have CAP_SYS_ADMIN' },
  {
    calls: ['bpf'],
    errno: 'EPERM',
    hint: 'cgroup device programs need CAP_BPF or CAP_SYS_ADMIN in the initial user namespace',
  },
  {
    calls: ['lsetxattr', 'fsetxattr', 'setxattr'],
    errno: 'EOPNOTSUPP',
    hint: 'the file system does not keep this kind of extended attribute',
  },
]

export const NEWER: Readonly<Record<string, string>> = {
  statmount: '6.8',
  listmount: '6.8',
  open_tree_attr: '6.15',
  fchmodat2: '6.6',
  mount_setattr: '5.12',
  openat2: '5.6',
  clone3: '5.3',
  close_range: '5.9',
  open_tree: '5.2',
  move_mount: '5.2',
  fsopen: '5.2',
  fsconfig: '5.2',
  fsmount: '5.2',
  fspick: '5.2',
  pidfd_open: '5.3',
  pidfd_getfd: '5.6',
  pidfd_send_signal: '5.1',
}

/**
 * The usual cause and remedy of a failed call, where one is known.
 *
 * @param call the call as strace prints it, to tell apart what one errno can mean
 */
export function hintFor(syscall: string, errno: number | ErrnoName, call = ''): string | undefined {
  const name = typeof errno === 'string' ? errno : errnoName(errno)
  if (name === 'ENOSYS') {
    const since = NEWER[syscall]
    return since === undefined
      ? 'the kernel lacks this call, or a seccomp filter hides it'
      : `${syscall} needs Linux ${since} or later; a seccomp filter of an outer container may also hide it`
  }
  return makeHints().find((row) => row.errno === name && row.calls.includes(syscall) && (row.when?.test(call) ?? true))
    ?.hint
}
