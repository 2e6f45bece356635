import type { SyscallName } from './syscalls.js'
import type { FlagTableName } from './flags.js'

/**
 * What an argument is, for printing: `flags:` and `enum:` name a table of FLAGS. `path` and `string` are pointers to
 * text, `pointer` is any other memory, `struct:` names a layout of structs.ts, `int` and `hex` are numbers.
 */
export type ArgumentKind =
  | `flags:${FlagTableName}`
  | `enum:${FlagTableName}`
  | `struct:${string}`
  | 'fd'
  | 'dirfd'
  | 'path'
  | 'string'
  | 'pointer'
  | 'int'
  | 'hex'
  | 'mode'
  | 'device'
  | 'signal'
  | 'open'
  | 'clone'
  | 'socketType'
  | 'rlimit'
  | 'capability'

/** The arguments of the calls that rt makes, in the kernel's order. A call not listed is printed by its raw numbers. */
export const SIGNATURES: Readonly<Partial<Record<SyscallName, readonly ArgumentKind[]>>> = {
  // mounts
  mount: ['path', 'path', 'string', 'flags:mount', 'string'],
  umount2: ['path', 'flags:umount2'],
  open_tree: ['dirfd', 'path', 'flags:open_tree'],
  open_tree_attr: ['dirfd', 'path', 'flags:open_tree', 'struct:mount_attr', 'int'],
  move_mount: ['dirfd', 'path', 'dirfd', 'path', 'flags:move_mount'],
  fsopen: ['string', 'flags:fsopen'],
  fspick: ['dirfd', 'path', 'flags:fspick'],
  fsconfig: ['fd', 'enum:fsconfig', 'string', 'string', 'int'],
  fsmount: ['fd', 'flags:fsmount', 'flags:mountAttr'],
  mount_setattr: ['dirfd', 'path', 'flags:at', 'struct:mount_attr', 'int'],
  statmount: ['struct:mnt_id_req', 'pointer', 'int', 'int'],
  listmount: ['struct:mnt_id_req', 'pointer', 'int', 'int'],
  pivot_root: ['path', 'path'],
  chroot: ['path'],
  chdir: ['path'],
  fchdir: ['fd'],
  // processes and namespaces
  clone: ['clone', 'pointer', 'pointer', 'pointer', 'pointer'],
  clone3: ['struct:clone_args', 'int'],
  unshare: ['flags:clone'],
  setns: ['fd', 'flags:clone'],
  execve: ['path', 'pointer', 'pointer'],
  execveat: ['dirfd', 'path', 'pointer', 'pointer', 'flags:at'],
  exit: ['int'],
  exit_group: ['int'],
  kill: ['int', 'signal'],
  tgkill: ['int', 'int', 'signal'],
  wait4: ['int', 'pointer', 'flags:wait', 'pointer'],
  waitid: ['enum:idType', 'int', 'pointer', 'flags:wait', 'pointer'],
  pidfd_open: ['int', 'flags:pidfd'],
  pidfd_send_signal: ['fd', 'signal', 'pointer', 'hex'],
  pidfd_getfd: ['fd', 'int', 'hex'],
  prctl: ['enum:prctl', 'int', 'int', 'int', 'int'],
  setpgid: ['int', 'int'],
  rt_sigprocmask: ['enum:sigprocmask', 'pointer', 'pointer', 'int'],
  rt_sigaction: ['signal', 'pointer', 'pointer', 'int'],
  sched_setattr: ['int', 'struct:sched_attr', 'int'],
  sched_setaffinity: ['int', 'int', 'pointer'],
  ioprio_set: ['int', 'int', 'hex'],
  personality: ['hex'],
  // privileges
  setuid: ['int'],
  setgid: ['int'],
  setresuid: ['int', 'int', 'int'],
  setresgid: ['int', 'int', 'int'],
  setgroups: ['int', 'pointer'],
  capget: ['struct:cap_user_header', 'pointer'],
  capset: ['struct:cap_user_header', 'struct:cap_user_data'],
  prlimit64: ['int', 'rlimit', 'struct:rlimit64', 'pointer'],
  seccomp: ['int', 'hex', 'pointer'],
  bpf: ['int', 'pointer', 'int'],
  umask: ['mode'],
  // files
  open: ['path', 'open', 'mode'],
  openat: ['dirfd', 'path', 'open', 'mode'],
  openat2: ['dirfd', 'path', 'struct:open_how', 'int'],
  close: ['fd'],
  close_range: ['int', 'int', 'flags:closeRange'],
  dup: ['fd'],
  dup2: ['fd', 'int'],
  dup3: ['fd', 'int', 'open'],
  fcntl: ['fd', 'enum:fcntl', 'int'],
  ioctl: ['fd', 'enum:ioctl', 'int'],
  pipe2: ['pointer', 'open'],
  read: ['fd', 'pointer', 'int'],
  write: ['fd', 'string', 'int'],
  pread64: ['fd', 'pointer', 'int', 'int'],
  pwrite64: ['fd', 'string', 'int', 'int'],
  lseek: ['fd', 'int', 'enum:seek'],
  ppoll: ['pointer', 'int', 'pointer', 'pointer', 'int'],
  mkdirat: ['dirfd', 'path', 'mode'],
  mknodat: ['dirfd', 'path', 'mode', 'device'],
  symlinkat: ['path', 'dirfd', 'path'],
  linkat: ['dirfd', 'path', 'dirfd', 'path', 'flags:at'],
  unlinkat: ['dirfd', 'path', 'flags:unlink'],
  renameat2: ['dirfd', 'path', 'dirfd', 'path', 'flags:rename'],
  readlinkat: ['dirfd', 'path', 'pointer', 'int'],
  fchmod: ['fd', 'mode'],
  fchmodat: ['dirfd', 'path', 'mode'],
  fchmodat2: ['dirfd', 'path', 'mode', 'flags:at'],
  fchown: ['fd', 'int', 'int'],
  fchownat: ['dirfd', 'path', 'int', 'int', 'flags:at'],
  utimensat: ['dirfd', 'path', 'pointer', 'flags:at'],
  faccessat2: ['dirfd', 'path', 'int', 'flags:access'],
  newfstatat: ['dirfd', 'path', 'pointer', 'flags:at'],
  statx: ['dirfd', 'path', 'flags:at', 'flags:statx', 'pointer'],
  statfs: ['path', 'pointer'],
  fstatfs: ['fd', 'pointer'],
  ftruncate: ['fd', 'int'],
  fsync: ['fd'],
  flock: ['fd', 'flags:flock'],
  lsetxattr: ['path', 'string', 'string', 'int', 'flags:xattr'],
  lgetxattr: ['path', 'string', 'pointer', 'int'],
  llistxattr: ['path', 'pointer', 'int'],
  lremovexattr: ['path', 'string'],
  fsetxattr: ['fd', 'string', 'string', 'int', 'flags:xattr'],
  fgetxattr: ['fd', 'string', 'pointer', 'int'],
  flistxattr: ['fd', 'pointer', 'int'],
  fremovexattr: ['fd', 'string'],
  memfd_create: ['string', 'flags:memfd'],
  // memory, sockets, the rest
  mmap: ['pointer', 'int', 'flags:protection', 'flags:mmap', 'fd', 'int'],
  munmap: ['pointer', 'int'],
  socket: ['enum:family', 'socketType', 'int'],
  socketpair: ['enum:family', 'socketType', 'int', 'pointer'],
  sendmsg: ['fd', 'pointer', 'flags:message'],
  recvmsg: ['fd', 'pointer', 'flags:message'],
  sethostname: ['string', 'int'],
  setdomainname: ['string', 'int'],
  getrandom: ['pointer', 'int', 'flags:getrandom'],
  keyctl: ['int', 'int', 'int', 'int', 'int'],
  sync: [],
  setsid: [],
  getpid: [],
  getppid: [],
  gettid: [],
  getuid: [],
  geteuid: [],
}
