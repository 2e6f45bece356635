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
export { hintFor } from './hints.js'
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
export { type FieldType, fieldWidth, type StructLayout, structLayout, writeField } from './structs.js'
export { type RawArgument, rawSyscall, syscall } from './ffi.js'
export { posixSpawn, type SpawnOptions } from './spawn.js'
