import { decodeStruct, hasStruct, type StructName, structLayout } from '../structs.js'
import { UTIME_NOW, UTIME_OMIT } from '../uapi/fcntl.js'
import type { ArgumentKind } from './signatures.js'
import { type FormatCallOptions, formatCapabilities, formatValue } from './value.js'

/** Text printed as it is: a value that is not known yet (`$root</>`), or that must not be shown. */
export interface Verbatim {
  readonly verbatim: string
}

/** A struct's fields, by name. What is not given is zero. */
export type StructFields = Readonly<Record<string, number | bigint | Verbatim>>

/** What fields mean; those not listed are plain numbers. */
const FIELDS: Readonly<Partial<Record<StructName, Readonly<Record<string, ArgumentKind>>>>> = {
  open_how: { flags: 'open', mode: 'mode', resolve: 'flags:resolve' },
  mount_attr: {
    attr_set: 'flags:mountAttr',
    attr_clr: 'flags:mountAttr',
    propagation: 'flags:propagation',
    userns_fd: 'fd',
  },
  // statmount's param is a mask, listmount's an id.
  mnt_id_req: { mnt_id: 'hex', param: 'hex', mnt_ns_id: 'hex' },
  clone_args: {
    flags: 'flags:clone',
    pidfd: 'pointer',
    child_tid: 'pointer',
    parent_tid: 'pointer',
    exit_signal: 'signal',
    stack: 'pointer',
    stack_size: 'hex',
    tls: 'pointer',
    set_tid: 'pointer',
    cgroup: 'fd',
  },
  sched_attr: { sched_policy: 'enum:scheduler', sched_flags: 'hex' },
  timespec: { tv_nsec: 'nanoseconds' },
  rlimit64: { rlim_cur: 'limit', rlim_max: 'limit' },
  pollfd: { fd: 'fd', events: 'flags:poll', revents: 'flags:poll' },
  siginfo: { si_signo: 'signal', si_code: 'enum:childCode' },
  cap_user_header: { version: 'capabilityVersion' },
  termios: { c_iflag: 'hex', c_oflag: 'hex', c_cflag: 'hex', c_lflag: 'hex' },
}

/** Fields that are printed even if they are zero, because zero means something. */
const ALWAYS: Readonly<Partial<Record<StructName, readonly string[]>>> = {
  open_how: ['flags'],
  timespec: ['tv_sec', 'tv_nsec'],
  rlimit64: ['rlim_cur', 'rlim_max'],
  pollfd: ['fd', 'events'],
  winsize: ['ws_row', 'ws_col'],
  cap_user_header: ['pid'],
}

const SPECIAL_TIMES = [UTIME_NOW, UTIME_OMIT]

/** The sets of capset(2), whose halves lie apart, as strace joins them. */
function formatCapabilityData(fields: StructFields): string {
  const sets = ['effective', 'permitted', 'inheritable'].map((set) => {
    const [low, high] = [fields[`${set}0`] ?? 0, fields[`${set}1`] ?? 0]
    if (typeof low === 'object') return `${set}=${low.verbatim}`
    if (typeof high === 'object') return `${set}=${high.verbatim}`
    const bits = (BigInt.asUintN(32, BigInt(high)) << 32n) | BigInt.asUintN(32, BigInt(low))
    return `${set}=${formatCapabilities(bits)}`
  })
  return `{${sets.join(', ')}}`
}

/**
 * A struct as strace prints it, flags by name and zero fields left out:
 * `{flags=O_PATH|O_CLOEXEC, resolve=RESOLVE_IN_ROOT}`.
 *
 * @param name of a struct in structs.ts; of any other, the fields are printed as numbers
 */
export function formatStruct(name: string, fields: StructFields, options: FormatCallOptions = {}): string {
  if (name === 'cap_user_data') return formatCapabilityData(fields)
  // A struct timespec that is none.
  if (name === 'timespec' && SPECIAL_TIMES.includes(Number(fields.tv_nsec))) {
    return formatValue('nanoseconds', Number(fields.tv_nsec))
  }
  const kinds = FIELDS[name as StructName]
  const always = ALWAYS[name as StructName] ?? []
  const layout = hasStruct(name) ? structLayout(name).fields : undefined
  const parts: string[] = []
  for (const field of Object.keys(layout ?? fields)) {
    const value = fields[field] ?? 0
    if (typeof value === 'object') parts.push(`${field}=${value.verbatim}`)
    else if (BigInt(value) !== 0n || always.includes(field)) {
      // As it is written: -1 in a field of 64 bits is 64 ones.
      const whole = layout?.[field]?.type === 'u64' ? BigInt.asUintN(64, BigInt(value)) : value
      parts.push(`${field}=${formatValue(kinds?.[field], whole, options)}`)
    }
  }
  return `{${parts.join(', ')}}`
}

/** {@link formatStruct} of a struct in memory. */
export function formatStructBytes(name: StructName, bytes: Uint8Array, options: FormatCallOptions = {}): string {
  const numbers = Object.entries(decodeStruct(name, bytes)).filter(
    (entry): entry is [string, number | bigint] => !(entry[1] instanceof Uint8Array),
  )
  return formatStruct(name, Object.fromEntries(numbers), options)
}
