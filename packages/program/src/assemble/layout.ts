/**
 * Where things lie in the program's address space: the contract with vm/vm.c. Addresses are fixed (ET_EXEC), so every
 * pointer is known when the program is assembled. A segment's address is its base plus its offset in the file, so that
 * both agree modulo any page size up to 64 KiB (arm64 kernels come with 4, 16 and 64 KiB pages).
 */
export const CODE_BASE = 0x10000
/** Read-only: operations, strings, constant structs. Begins at file offset 0x1000. */
export const CONST_BASE = 0x1000000
export const CONST_OFFSET = 0x1000
/** Writable: words, buffers, named structs. Private to each process. */
export const DATA_BASE = 0x2000000
/** The log: a header, then one result word per operation, then (in a traced program) one timespec per operation. */
export const LOG_BASE = 0x4000000
/**
 * Header of a log, by offset: the pid of the clone's child (written by the kernel, CLONE_PARENT_SETTID); the operation
 * that the process has come to; the last operation whose system call failed, and what it returned.
 */
export const LOG_HEADER = 0x40
export const LOG_PID = 0
export const LOG_PC = 0x08
export const LOG_FAILED = 0x10
export const LOG_ERROR = 0x18
/** In the first region, for who finds the log without the program: 32 bits of what it is of, and bytes of a region. */
export const LOG_MARK = 0x20
export const LOG_REGION = 0x28
/** Results are kept with this bit, the highest of the upper half, turned over: zero is an operation that has not run. */
export const NOT_RUN_HIGH = -0x80000000

export const OP_SIZE = 72
export const OP_BRANCH = -1
export const OP_COMPUTE = -2
export const OP_LOAD = -3

/** A `fail` is a call that no kernel has (ENOSYS): only a call's failure is told in the log's header. */
export const NO_CALL = 0x7fffffff

export const CLOCK_MONOTONIC = 1

/** The file descriptors that Node hands to a program: news for Node, the log, a socket for a terminal, Node's word. */
export const STATUS_FD = 3
export const LOG_FD = 4
export const CONSOLE_FD = 5
export const SYNC_FD = 6
/** Everything from here up was not passed on purpose. */
export const FIRST_UNUSED_FD = 7
