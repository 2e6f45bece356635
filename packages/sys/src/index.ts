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
export { type CallArgument, formatArgument, formatCall } from './format/call.js'
export {
  FLAGS,
  type FlagTable,
  type FlagTableName,
  formatEnum,
  formatFlags,
  parseFlags,
} from './format/flags.js'
export { formatCloneFlags, formatMode, formatOpenFlags, formatSocketType } from './format/open-flags.js'
export { quote } from './format/quote.js'
export { type ArgumentKind, SIGNATURES } from './format/signatures.js'
export { formatStruct, type StructFields, type Verbatim } from './format/struct.js'
export { type FormatCallOptions, formatCapabilities } from './format/value.js'
export { hintFor } from './hints.js'
export { addressOf } from './native/library.js'
export { posixSpawn, type SpawnOptions } from './native/spawn.js'
export { type RawArgument, rawSyscall, syscall } from './native/syscall.js'
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
export * from './uapi/socket.js'
export * from './uapi/stat.js'
export * from './uapi/termbits.js'
export * from './uapi/wait.js'
export * from './uapi/xattr.js'
