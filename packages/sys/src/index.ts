/**
 * Linux's ABI for Node: constants by kernel header, errno names, syscall numbers, struct layouts, and typed direct
 * system calls. Importing this package loads nothing native; the first call loads koffi.
 */
export { ERRNO, type ErrnoName, errnoName, errnoNumber, errnoText, formatErrno } from './errno.js'
export {
  type Complaint,
  type ErrorDetails,
  formatError,
  inStep,
  RtError,
  type RtErrorCode,
  SyscallError,
  type SyscallFailure,
} from './errors.js'
export { NOT_EXECUTABLE, NOT_FOUND, SETUP_FAILED } from './exit-codes.js'
export {
  linkat,
  makedev,
  mkdirat,
  mknodat,
  readlinkat,
  renameat2,
  rmdirat,
  symlinkat,
  unlinkat,
} from './files/entries.js'
export { flock, tryFlock } from './files/lock.js'
export { addSeals, getSeals, memfdCreate, memfdCreateExecutable } from './files/memfd.js'
export {
  type FileTime,
  fchmod,
  fchmodat,
  fchmodat2,
  fchown,
  fchownat,
  futimens,
  lchown,
  utimensat,
} from './files/metadata.js'
export { close, closeRange, type OpenHow, openat, openat2 } from './files/open.js'
export { type FileStatus, type FileSystemStatus, fstatfs, statfs, statx } from './files/status.js'
export {
  fgetxattr,
  flistxattr,
  fremovexattr,
  fsetxattr,
  lgetxattr,
  llistxattr,
  lremovexattr,
  lsetxattr,
} from './files/xattr.js'
export { isUtf8, textFromBytes } from './format/byte-text.js'
export { argumentKinds, type CallArgument, formatArgument, formatCall } from './format/call.js'
export {
  FLAGS,
  type FlagTable,
  type FlagTableName,
  formatEnum,
  formatFlags,
  parseFlags,
} from './format/flags.js'
export { formatCloneFlags, formatMode, formatOpenFlags, formatSocketType } from './format/open-flags.js'
export { escaped, printable, quote } from './format/quote.js'
export type { ArgumentKind } from './format/signatures.js'
export { formatStruct, type StructFields, type Verbatim } from './format/struct.js'
export { textBytes } from './format/text-bytes.js'
export { type FormatCallOptions, formatCapabilities } from './format/value.js'
export { hintFor } from './hints.js'
export { type MountAttributes, mountSetattr } from './mount/attributes.js'
export {
  contextMessages,
  fsconfigBinary,
  fsconfigCreate,
  fsconfigFd,
  fsconfigFlag,
  fsconfigReconfigure,
  fsconfigString,
  fsmount,
  fsopen,
  fspick,
} from './mount/context.js'
export {
  mount,
  mountBind,
  mountChange,
  mountMove,
  mountRemount,
  type Propagation,
  propagationFlag,
  umount2,
} from './mount/mount.js'
export { type MountInfo, parseMountinfo } from './mount/mountinfo.js'
export { listmount, type MountStatus, statmount } from './mount/statmount.js'
export { attachMount, moveMount, openTree } from './mount/tree.js'
export {
  namespaceOwner,
  namespaceOwnerUid,
  namespaceParent,
  namespaceType,
  setns,
  unshare,
} from './namespaces.js'
export { execve } from './native/execve.js'
export { addressOf } from './native/library.js'
export { cString, type Path } from './native/path.js'
export type { RawArgument } from './native/raw-argument.js'
export { posixSpawn, type SpawnOptions } from './native/spawn.js'
export { rawSyscall, syscall } from './native/syscall.js'
export { nearest } from './nearest.js'
export { type OptionKeys, refuseUnknownOptions } from './option-keys.js'
export { type CapabilitySets, capget, capset } from './processes/capabilities.js'
export { setgroups, setresgid, setresuid } from './processes/identity.js'
export { getResourceLimit, type ResourceLimit, setResourceLimit } from './processes/limits.js'
export { pidfdGetfd, pidfdOpen, pidfdSendSignal } from './processes/pidfd.js'
export {
  clearAmbientCapabilities,
  dropBoundingCapability,
  getChildSubreaper,
  getDumpable,
  getNoNewPrivs,
  getParentDeathSignal,
  getSecurebits,
  hasAmbientCapability,
  hasBoundingCapability,
  lowerAmbientCapability,
  raiseAmbientCapability,
  setChildSubreaper,
  setDumpable,
  setKeepCapabilities,
  setNoNewPrivs,
  setParentDeathSignal,
  setSecurebits,
} from './processes/prctl.js'
export { kill } from './processes/signal.js'
export { type ChildExit, type WaitedChild, waitid, waitpid } from './processes/wait.js'
export { chdir, chroot, fchdir, pivotRoot } from './root.js'
export { type ReceivedFds, receiveFds, sendFds, socketpair } from './sockets.js'
export {
  decodeStruct,
  encodeStruct,
  type FieldType,
  fieldWidth,
  hasStruct,
  readField,
  STRUCT_NAMES,
  type StructField,
  type StructLayout,
  type StructName,
  structLayout,
  writeField,
} from './structs.js'
export {
  type Arch,
  hasSyscall,
  hostArch,
  isSyscallName,
  SYSCALL_NAMES,
  type SyscallName,
  syscallName,
  syscallNumber,
} from './syscalls.js'
export { openPseudoTerminal, type PseudoTerminal } from './terminal/pty.js'
export {
  getTerminalAttributes,
  rawAttributes,
  setTerminalAttributes,
  type TerminalAttributes,
} from './terminal/termios.js'
export { getWindowSize, setWindowSize, type WindowSize } from './terminal/window-size.js'
export * from './uapi/bpf.js'
export * from './uapi/capability.js'
export * from './uapi/close_range.js'
export * from './uapi/fcntl.js'
export * from './uapi/fs.js'
export * from './uapi/if.js'
export * from './uapi/ioctls.js'
export * from './uapi/ioprio.js'
export * from './uapi/keyctl.js'
export * from './uapi/limits.js'
export * from './uapi/magic.js'
export * from './uapi/memfd.js'
export * from './uapi/mman.js'
export * from './uapi/mount.js'
export * from './uapi/openat2.js'
export * from './uapi/personality.js'
export * from './uapi/pidfd.js'
export * from './uapi/poll.js'
export * from './uapi/prctl.js'
export * from './uapi/random.js'
export * from './uapi/reboot.js'
export * from './uapi/resource.js'
export * from './uapi/sched.js'
export * from './uapi/seccomp.js'
export * from './uapi/securebits.js'
export * from './uapi/signal.js'
export * from './uapi/signalfd.js'
export * from './uapi/socket.js'
export * from './uapi/stat.js'
export * from './uapi/termbits.js'
export * from './uapi/wait.js'
export * from './uapi/xattr.js'
