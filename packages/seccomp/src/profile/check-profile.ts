import { CAPABILITIES, type Complaint, errnoNumber, quote } from '@rt/sys'
import { ACTION_NAMES, type ActionName, MAX_ERRNO, takesErrno } from './actions.js'
import { isArchitectureName } from './architecture-names.js'
import { parseKernelVersion } from './kernel-version.js'
import { OPERATORS } from './operators.js'
import { FILTER_FLAGS } from './profile.js'

type Fields = Readonly<Record<string, unknown>>
type Check = (path: string, value: unknown) => void

const LAST_ARGUMENT = 5
const MAX_TRACE_DATA = 0xffff
const LISTENER = 'a listener for SCMP_ACT_NOTIFY is not supported yet; leave it out, or use another action'

/** Everything that is wrong with a profile, by its JSON path. Fields that are not OCI's or Docker's are complained about. */
export function profileComplaints(profile: unknown): Complaint[] {
  const found: Complaint[] = []
  const complain = (path: string, message: string): void => {
    found.push({ path, message })
  }

  /** An object with no fields but these. JSON's null stands for an absent one, as in Go. */
  const object = (path: string, value: unknown, fields: Readonly<Record<string, Check>>): Fields | undefined => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      complain(path || '(the whole)', `expected an object, got ${shown(value)}`)
      return undefined
    }
    const at = (name: string) => (path ? `${path}.${name}` : name)
    for (const [name, each] of Object.entries(value)) {
      if (!Object.hasOwn(fields, name)) complain(at(name), 'is no field of a seccomp profile')
      else if (each !== null && each !== undefined) fields[name]?.(at(name), each)
    }
    return value as Fields
  }
  const list =
    (check: Check): Check =>
    (path, value) => {
      if (!Array.isArray(value)) complain(path, `expected a list, got ${shown(value)}`)
      else for (const [i, each] of value.entries()) check(`${path}[${i}]`, each)
    }
  const text: Check = (path, value) => {
    if (typeof value !== 'string') complain(path, `expected a string, got ${shown(value)}`)
  }
  const oneOf =
    (what: string, known: (name: string) => boolean): Check =>
    (path, value) => {
      if (typeof value !== 'string' || !known(value)) complain(path, `expected ${what}, got ${shown(value)}`)
    }
  const whole =
    (least: bigint, most: bigint): Check =>
    (path, value) => {
      const exact = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
      if (!exact || BigInt(value as number) < least || BigInt(value as number) > most) {
        complain(path, `expected a whole number from ${least} to ${most}, got ${shown(value)}`)
      }
    }
  const refused =
    (message: string): Check =>
    (path) =>
      complain(path, message)

  const action = oneOf('an action (SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, …)', (name) =>
    ACTION_NAMES.includes(name as ActionName),
  )
  const architecture = oneOf('an architecture (SCMP_ARCH_X86_64, …)', isArchitectureName)
  const word = whole(0n, 2n ** 64n - 1n)
  const required = (path: string, fields: Fields | undefined, ...names: string[]): void => {
    for (const name of names) {
      if (fields && (fields[name] === undefined || fields[name] === null)) {
        complain(path ? `${path}.${name}` : name, 'is missing')
      }
    }
  }
  const errno = (path: string, value: unknown, of: unknown): void => {
    if (value === undefined || value === null || !ACTION_NAMES.includes(of as ActionName)) return
    if (!takesErrno(of as ActionName)) complain(path, `${of} takes no errno`)
    else whole(0n, BigInt(of === 'SCMP_ACT_TRACE' ? MAX_TRACE_DATA : MAX_ERRNO))(path, value)
  }
  const errnoNamed = oneOf('the name of an errno (EPERM, …)', (name) => errnoNumber(name) !== undefined)
  /** Podman's files say the number's name besides. */
  const sameErrno = (path: string, name: unknown, number: unknown): void => {
    const named = typeof name === 'string' ? errnoNumber(name) : undefined
    if (named !== undefined && named !== number) complain(path, `${name} is not what the number beside it means`)
  }
  const filter: Check = (path, value) => {
    object(path, value, {
      caps: list(oneOf('a capability (CAP_SYS_ADMIN, …)', isCapability)),
      arches: list(text),
      minKernel: oneOf(
        'a kernel version ("4.8")',
        (version) => /^\d+\.\d+$/.test(version) && !!parseKernelVersion(version),
      ),
    })
  }
  const condition: Check = (path, value) => {
    const fields = object(path, value, {
      index: whole(0n, BigInt(LAST_ARGUMENT)),
      value: word,
      valueTwo: word,
      op: oneOf('an operator (SCMP_CMP_EQ, …)', (name) => Object.hasOwn(OPERATORS, name)),
    })
    required(path, fields, 'index', 'value', 'op')
  }
  const rule: Check = (path, value) => {
    const fields = object(path, value, {
      names: list(text),
      name: text,
      action,
      errnoRet: () => undefined,
      errno: errnoNamed,
      args: list(condition),
      comment: text,
      includes: filter,
      excludes: filter,
    })
    if (!fields) return
    required(path, fields, 'action')
    errno(`${path}.errnoRet`, fields.errnoRet, fields.action)
    sameErrno(`${path}.errno`, fields.errno, fields.errnoRet)
    const names = Array.isArray(fields.names) && fields.names.length > 0
    if (!names && !fields.name) complain(path, 'has neither name nor names')
    if (names && fields.name) complain(path, 'has both name and names: use one')
  }

  const fields = object('', profile, {
    defaultAction: action,
    defaultErrnoRet: () => undefined,
    defaultErrno: errnoNamed,
    architectures: list(architecture),
    archMap: list((path, value) => {
      const map = object(path, value, { architecture, subArchitectures: list(architecture) })
      required(path, map, 'architecture')
    }),
    flags: list(
      oneOf(`a flag (${FILTER_FLAGS.join(', ')})`, (name) => (FILTER_FLAGS as readonly string[]).includes(name)),
    ),
    listenerPath: (path, value) => (value === '' ? undefined : refused(LISTENER)(path, value)),
    listenerMetadata: (path, value) => (value === '' ? undefined : refused(LISTENER)(path, value)),
    syscalls: list(rule),
  })
  if (!fields) return found
  required('', fields, 'defaultAction')
  errno('defaultErrnoRet', fields.defaultErrnoRet, fields.defaultAction)
  sameErrno('defaultErrno', fields.defaultErrno, fields.defaultErrnoRet)
  if (fields.defaultAction === 'SCMP_ACT_NOTIFY') complain('defaultAction', 'SCMP_ACT_NOTIFY can be no default')
  const given = (name: string): boolean => Array.isArray(fields[name]) && fields[name].length > 0
  if (given('architectures') && given('archMap')) complain('archMap', 'is given beside architectures: use one')
  return found
}

const isCapability = (name: string): boolean => Object.hasOwn(CAPABILITIES, name)

function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
