import type { RtErrorCode, SyscallName } from '@rt/sys'

/**
 * Instructions: the assembly language that steps are written in. Every instruction is plain data (it survives JSON but
 * for bigint and bytes), so a plan can be printed, compared, rewritten and executed by different machines: the VM in the
 * ELF, or `apply` in the calling thread.
 *
 * Names. A word saved by one instruction is read by a later one through its name. A name belongs to its step, so two
 * steps may both say `dest`; a name that starts with `$` is the whole plan's (`$root`, see vocabulary.ts).
 */
export type Instruction = Call | Clone | Branch | Compute | Load | Label | Goto | Fail | Warn

/** An errno by its name, as in errno(3). */
export type ErrnoName = `E${string}`

/** One system call. Its result is stored under `save`; a failure ends the step unless it is tolerated or led away. */
export interface Call {
  readonly kind: 'call'
  readonly call: SyscallName
  readonly args: readonly Value[]
  /** Name of the word that takes the result. */
  readonly save?: string
  /** What the saved fd stands for (a path, "cgroup.procs of …"): printed in errors as `7</srv/data>`. */
  readonly of?: string
  /** Errors after which the program goes on with the next instruction. */
  readonly tolerate?: 'any' | readonly ErrnoName[]
  /** Labels for errors; `'*'` is any error not named. */
  readonly onError?: Readonly<Partial<Record<ErrnoName | '*', string>>>
  /** One clause for explain and for errors: what this call is for. */
  readonly why?: string
  /** Overrides the usual hint of a SyscallError for the given errnos. */
  readonly hints?: Readonly<Partial<Record<ErrnoName, string>>>
  /**
   * openat2(2) of a path beneath `$root`: where a mount of the plan holds the path, the look-up begins at that mount's
   * own fd instead. See link-mounts.ts.
   */
  readonly beneathMount?: true
  /** close(2) of a mount's fd, when it is attached: the absolute path where it lies from now on. */
  readonly mountedAt?: string
}

/**
 * clone(2) or clone3(2). The new process goes on from the same place with a copy of all memory, and writes a log of its
 * own. One of the two does something else, out of line: it must not come to the end of that (exit_group, execve, goto).
 */
export interface Clone {
  readonly kind: 'clone'
  readonly call: 'clone' | 'clone3'
  readonly args: readonly Value[]
  /** Name of the word that takes the child's pid; 0 in the child. */
  readonly save?: string
  /** What the child is called in errors, `explain` and `trace`. No two of a plan have the same name. */
  readonly process: string
  /** What the child does; the parent goes on with the next instruction. */
  readonly child?: readonly Instruction[]
  /** What the parent does; the child goes on with the next instruction, as what the parent was until now. */
  readonly parent?: readonly Instruction[]
  /**
   * The child has no memory of its own (CLONE_VM), nor a log: both write that of the parent. It needs a stack, and a pidfd in
   * the word of this name (CLONE_PIDFD), by which the two are told apart: a word that clone returns is the same for both.
   */
  readonly shares?: string
  readonly why?: string
  /** As in {@link Call.hints}. */
  readonly hints?: Call['hints']
}

/** Compare a word under a mask with a constant; fall through or jump. */
export interface Branch {
  readonly kind: 'branch'
  readonly value: Value
  /** 64-bit mask; default: all bits. */
  readonly mask?: number | bigint
  readonly equals: number | bigint
  /** Label to go to if equal; absent: the next instruction. */
  readonly then?: string
  /** Label to go to if not equal; absent: the next instruction. */
  readonly else?: string
}

/** `save = base + left * right` modulo 2^64: the arithmetic that pointers, counters and exit codes need. */
export interface Compute {
  readonly kind: 'compute'
  readonly save: string
  readonly base: Value
  readonly left?: Value
  readonly right?: Value
  /** As in {@link Call.of}. */
  readonly of?: string
}

/** `save = *(base + left * right)`, 64 bits: an element of a table, at an address that only the run knows. */
export interface Load extends Omit<Compute, 'kind'> {
  readonly kind: 'load'
}

export interface Label {
  readonly kind: 'label'
  readonly name: string
}

export interface Goto {
  readonly kind: 'goto'
  readonly to: string
}

/** Give up with a sentence: for what only a look at a result can tell (a node that is not the device it should be). */
export interface Fail {
  readonly kind: 'fail'
  readonly message: string
  readonly hint?: string
  /** Of the error; default RT_UNSAFE. */
  readonly code?: RtErrorCode
  /** Names of what was {@link Kept} and belongs to the sentence: a siginfo_t, and what a program has printed. */
  readonly told?: { readonly status?: string; readonly output?: string }
}

/**
 * Say something and go on: for `host.gone`, when nothing can fail any more and something may still be left.
 * Node finds it in the log (`container.warnings`); an executable of its own writes it to stderr.
 */
export interface Warn {
  readonly kind: 'warn'
  readonly message: string
}

/**
 * An argument. Plain numbers and bigints are immediate, plain strings are pointers to NUL-terminated text, byte arrays
 * are pointers to constant bytes (no NUL added), null is 0.
 */
export type Value =
  | number
  | bigint
  | string
  | null
  | Uint8Array
  | Ref
  | Address
  | Words
  | Kept
  | Table
  | StructValue
  | Vector
  | Text

/** The value of a word that an earlier instruction saved, or of a field of a named struct or buffer. */
export interface Ref {
  readonly ref: string
  /** Byte offset in a named struct or buffer. The load is always 64 bits wide. */
  readonly offset?: number
}

/** The address of a word, struct or buffer. */
export interface Address {
  readonly address: string
  readonly offset?: number
}

/** Zeroed writable memory with a name: what read(2), readlink(2), waitid(2) fill. The value is its address. */
export interface Words {
  readonly buffer: string
  readonly size: number
}

/** Zeroed bytes in the process's log, under a name of the whole plan's: Node reads them when all is over. The value is their address. */
export interface Kept {
  readonly kept: string
  readonly size: number
}

/**
 * Constant rows of words, for a loop: numbers, and addresses of text, of structs, of words. The value is the address of
 * the first; a row is as long as its cells, eight bytes each.
 */
export interface Table {
  readonly table: readonly (readonly Value[])[]
  /**
   * Rows of an openat2(2) each: the address of the word with the directory's fd, the path, and the `open_how`. As with
   * {@link Call.beneathMount}, a look-up begins at the mount of the plan that holds its path; one of a mount itself has no
   * `open_how` (0): its fd is what is meant.
   */
  readonly beneathMount?: true
}

/**
 * A struct of @rt/sys by name (`open_how`, `mount_attr`, …), its fields by name, the rest zero. The value is its
 * address. A field that is a ref is copied in just before the call: the struct needs a name (only named structs are
 * writable) and the field 64 bits, since the machine stores whole words. A field that is bytes or a {@link Text} points
 * to them (an iovec's base, a filter of bpf): they are constant, and as in arguments a Text ends with a NUL.
 */
export interface StructValue {
  readonly struct: string
  readonly fields: Readonly<Record<string, number | bigint | Ref | Address | Uint8Array | Text>>
  /** A name makes it writable memory, whose fields a later instruction can read (`{ref: name, offset}`). */
  readonly name?: string
}

/**
 * A NULL-terminated vector of strings: argv, envp. The value is its address. Text made at run time is given by its
 * address, or by the word that holds a pointer to it (copied in just before the call).
 */
export interface Vector {
  readonly strings: readonly (string | Uint8Array | Address | Ref)[]
}

/** A NUL-terminated string of raw bytes, for names that are not UTF-8; `secret` hides it from explain and trace. */
export interface Text {
  readonly text: string | Uint8Array
  readonly secret?: boolean
  /** Name of the writable memory that it lies in: `compute('NAME+OFFSET', …)` changes eight bytes of it. */
  readonly at?: string
}

type CallOptions = Omit<Call, 'kind' | 'call' | 'args'>

/** One system call, arguments in the kernel's order. */
export const call = (name: SyscallName, args: readonly Value[], options: CallOptions = {}): Call => ({
  kind: 'call',
  call: name,
  args,
  ...options,
})

/**
 * A new process, see {@link Clone}.
 *
 * @param name of the call: clone(2) has its arguments in the order of the architecture
 * @param process what the child is called
 */
export const clone = (
  name: Clone['call'],
  args: readonly Value[],
  process: string,
  options: Omit<Clone, 'kind' | 'call' | 'args' | 'process'>,
): Clone => ({ kind: 'clone', call: name, args, process, ...options })

/** The word `name`, or the 64 bits at `offset` in the struct or buffer `name`. */
export const ref = (name: string, offset?: number): Ref =>
  offset === undefined ? { ref: name } : { ref: name, offset }

/** The address of the word, struct or buffer `name`, plus `offset`. */
export const address = (name: string, offset?: number): Address =>
  offset === undefined ? { address: name } : { address: name, offset }

/** `size` zeroed writable bytes under `name`. Naming the same buffer twice gives the same memory (the larger size). */
export const buffer = (name: string, size: number): Words => ({ buffer: name, size })

/**
 * `size` bytes that read(2) and the like fill for Node: in the log, where they outlive the program. A step's `accounts`
 * gets them.
 */
export const kept = (name: string, size: number): Kept => ({ kept: name, size })

/** Rows for a loop, see {@link Table}. */
export const table = (rows: Table['table'], options: Omit<Table, 'table'> = {}): Table => ({ table: rows, ...options })

/** A struct of @rt/sys, see {@link StructValue}. */
export const struct = (layout: string, fields: StructValue['fields'], name?: string): StructValue =>
  name === undefined ? { struct: layout, fields } : { struct: layout, fields, name }

/** argv or envp. */
export const vector = (strings: Vector['strings']): Vector => ({ strings })

export const branch = (
  value: Value,
  equals: number | bigint,
  targets: Omit<Branch, 'kind' | 'value' | 'equals'>,
): Branch => ({
  kind: 'branch',
  value,
  equals,
  ...targets,
})

/** `save = base + left * right`. */
export const compute = (save: string, base: Value, left?: Value, right?: Value): Compute => ({
  kind: 'compute',
  save,
  base,
  ...(left === undefined ? {} : { left }),
  ...(right === undefined ? {} : { right }),
})

/** `save = *(base + left * right)`. */
export const load = (save: string, base: Value, left?: Value, right?: Value): Load => ({
  ...compute(save, base, left, right),
  kind: 'load',
})

export const label = (name: string): Label => ({ kind: 'label', name })
export const goto = (to: string): Goto => ({ kind: 'goto', to })
export const fail = (message: string, hint?: string, code?: RtErrorCode, told?: Fail['told']): Fail => ({
  kind: 'fail',
  message,
  ...(hint === undefined ? {} : { hint }),
  ...(code === undefined ? {} : { code }),
  ...(told === undefined ? {} : { told }),
})
export const warn = (message: string): Warn => ({ kind: 'warn', message })
