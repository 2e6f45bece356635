import type { StructName } from '../structs.js'
import type { SyscallName } from '../syscalls.js'
import type { FlagTableName } from './flags.js'

/** What an argument is, for printing. `flags:` and `enum:` name a table of FLAGS, `struct:` a layout of structs.ts. */
export type ArgumentKind =
  | `flags:${FlagTableName}`
  | `enum:${FlagTableName}`
  | `struct:${StructName}`
  /** A file descriptor, or AT_FDCWD. */
  | 'fd'
  /** A pointer to a path: never cut. */
  | 'path'
  /** A pointer to text that ends with NUL. */
  | 'string'
  /** A pointer to bytes, whose number another argument gives. */
  | 'data'
  /** A pointer to other memory. */
  | 'pointer'
  /** argv. */
  | 'strings'
  /** envp: counted, not shown. */
  | 'environment'
  /** A pointer to an int. */
  | 'intPointer'
  /** Two struct timespec: access and modification time. */
  | 'times'
  | 'int'
  | 'uint'
  | 'hex'
  /** A user or group id; -1 leaves it. */
  | 'id'
  | 'mode'
  | 'device'
  | 'signal'
  | 'open'
  | 'clone'
  | 'socketType'
  | 'rlimit'
  /** The value of a resource limit. */
  | 'limit'
  | 'capability'
  /** tv_nsec of a file's time. */
  | 'nanoseconds'
  | 'capabilityVersion'

/**
 * The arguments of the calls that rt makes, in the kernel's order. A call not listed is printed by its raw
 * numbers; those whose arguments depend on one another (fsconfig, prctl, openat, …) are in call.ts.
 */
export const SIGNATURES: Readonly<Partial<Record<SyscallName, readonly ArgumentKind[]>>> = {
  // mounts
  mount: ['path', 'path', 'string', 'flags:mount', 'string'],
  umount2: ['path', 'flags:umount2'],
  open_tree: ['fd', 'path', 'flags:open_tree'],
  open_tree_attr: ['fd', 'path', 'flags:open_tree', 'struct:mount_attr', 'int'],
  move_mount: ['fd', 'path', 'fd', 'path', 'flags:move_mount'],
  fsopen: ['string', 'flags:fsopen'],
  fspick: ['fd', 'path', 'flags:fspick'],
  fsmount: ['fd', 'flags:fsmount', 'flags:mountAttr'],
  mount_setattr: ['fd', 'path', 'flags:at', 'struct:mount_attr', 'int'],
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
  execve: ['path', 'strings', 'environment'],
  execveat: ['fd', 'path', 'strings', 'environment', 'flags:at'],
  exit: ['int'],
  exit_group: ['int'],
  kill: ['int', 'signal'],
  tgkill: ['int', 'int', 'signal'],
  wait4: ['int', 'pointer', 'flags:wait4', 'pointer'],
  waitid: ['enum:idType', 'int', 'pointer', 'flags:waitid', 'pointer'],
  pidfd_open: ['int', 'flags:pidfd'],
  pidfd_send_signal: ['fd', 'signal', 'pointer', 'flags:pidfdSignal'],
  pidfd_getfd: ['fd', 'int', 'hex'],
  setpgid: ['int', 'int'],
  rt_sigprocmask: ['enum:sigprocmask', 'pointer', 'pointer', 'int'],
  rt_sigaction: ['signal', 'pointer', 'pointer', 'int'],
  sched_setattr: ['int', 'struct:sched_attr', 'int'],
  sched_setaffinity: ['int', 'int', 'pointer'],
  ioprio_set: ['int', 'int', 'hex'],
  personality: ['enum:personality'],
  // privileges
  setuid: ['int'],
  setgid: ['int'],
  setresuid: ['id', 'id', 'id'],
  setresgid: ['id', 'id', 'id'],
  setgroups: ['int', 'pointer'],
  capget: ['struct:cap_user_header', 'pointer'],
  capset: ['struct:cap_user_header', 'struct:cap_user_data'],
  prlimit64: ['int', 'rlimit', 'struct:rlimit64', 'pointer'],
  seccomp: ['enum:seccomp', 'flags:seccompFilter', 'pointer'],
  bpf: ['enum:bpf', 'pointer', 'int'],
  umask: ['mode'],
  // files
  openat2: ['fd', 'path', 'struct:open_how', 'int'],
  close: ['fd'],
  close_range: ['uint', 'uint', 'flags:closeRange'],
  dup: ['fd'],
  dup2: ['fd', 'int'],
  dup3: ['fd', 'int', 'flags:newFd'],
  pipe2: ['pointer', 'flags:newFd'],
  read: ['fd', 'pointer', 'int'],
  write: ['fd', 'data', 'int'],
  pread64: ['fd', 'pointer', 'int', 'int'],
  pwrite64: ['fd', 'data', 'int', 'int'],
  lseek: ['fd', 'int', 'enum:seek'],
  ppoll: ['pointer', 'int', 'pointer', 'pointer', 'int'],
  mkdirat: ['fd', 'path', 'mode'],
  symlinkat: ['path', 'fd', 'path'],
  linkat: ['fd', 'path', 'fd', 'path', 'flags:at'],
  unlinkat: ['fd', 'path', 'flags:unlink'],
  renameat2: ['fd', 'path', 'fd', 'path', 'flags:rename'],
  readlinkat: ['fd', 'path', 'pointer', 'int'],
  fchmod: ['fd', 'mode'],
  fchmodat: ['fd', 'path', 'mode'],
  fchmodat2: ['fd', 'path', 'mode', 'flags:at'],
  fchown: ['fd', 'id', 'id'],
  fchownat: ['fd', 'path', 'id', 'id', 'flags:at'],
  utimensat: ['fd', 'path', 'times', 'flags:at'],
  faccessat2: ['fd', 'path', 'flags:accessMode', 'flags:access'],
  newfstatat: ['fd', 'path', 'pointer', 'flags:at'],
  statx: ['fd', 'path', 'flags:statxAt', 'flags:statx', 'pointer'],
  statfs: ['path', 'pointer'],
  fstatfs: ['fd', 'pointer'],
  ftruncate: ['fd', 'int'],
  fsync: ['fd'],
  flock: ['fd', 'flags:flock'],
  lsetxattr: ['path', 'string', 'data', 'int', 'flags:xattr'],
  lgetxattr: ['path', 'string', 'pointer', 'int'],
  llistxattr: ['path', 'pointer', 'int'],
  lremovexattr: ['path', 'string'],
  fsetxattr: ['fd', 'string', 'data', 'int', 'flags:xattr'],
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
  sethostname: ['data', 'int'],
  setdomainname: ['data', 'int'],
  getrandom: ['pointer', 'int', 'flags:getrandom'],
  sync: [],
  setsid: [],
  getpid: [],
  getppid: [],
  gettid: [],
  getuid: [],
  geteuid: [],
}
