import { posix, resolve } from 'node:path'
import { invalid } from '../arguments/complaints.js'
import { bytes } from './bytes.js'
import { csvFields } from './csv.js'
import { quote } from './quote.js'

/** A mount that the user asked for, whichever option it came from. */
export type MountSpec = BindSpec | TmpfsSpec

export interface BindSpec {
  readonly type: 'bind'
  /** An absolute path on the host. */
  readonly source: string
  /** An absolute path in the container. */
  readonly destination: string
  /** Mount options by the kernel's names: `ro`, `rslave`. */
  readonly options: readonly string[]
  readonly origin: string
}

export interface TmpfsSpec {
  readonly type: 'tmpfs'
  readonly destination: string
  readonly options: readonly string[]
  readonly origin: string
}

const NO_VOLUMES = 'named volumes come with a later version; a directory of the host is given by its path'

/** `/host:/container[:ro,rslave]`, Docker's short form. */
export function volume(text: string, origin: string): BindSpec {
  const [source = '', destination, options = '', ...more] = text.split(':')
  if (more.length > 0)
    throw invalid(`expected HOST:CONTAINER[:OPTIONS], got ${quote(text)}`, 'a path with ":" is given with --mount')
  if (destination === undefined) throw invalid(`expected HOST:CONTAINER[:OPTIONS], got ${quote(text)}`, NO_VOLUMES)
  const words = options.split(',')
  for (const [what, field] of EXCLUSIVE) {
    const given = words.filter((option) => field.includes(option))
    if (given.length > 1) throw invalid(`${what} is given twice: ${given.map(quote).join(' and ')} in ${quote(text)}`)
  }
  return {
    type: 'bind',
    source: hostPath(source),
    destination: containerPath(destination),
    options: ['rbind', ...words.flatMap((option) => VOLUME_OPTIONS[option] ?? option)],
    origin,
  }
}

/** What differs from the kernel's names; any other option is passed on to the mount. */
const VOLUME_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  '': [],
  // Docker's default since 25: what is mounted below a read-only bind is read-only too.
  ro: ['rro'],
  // For other systems, for named volumes and for SELinux's labels, which rt sets nowhere; they change nothing here.
  ...Object.fromEntries(['rw', 'consistent', 'cached', 'delegated', 'nocopy', 'z', 'Z'].map((option) => [option, []])),
}

/** Words of which Docker takes one: whoever writes `ro,rw` is mistaken, and must not get a writable mount. */
const EXCLUSIVE: readonly (readonly [what: string, words: readonly string[]])[] = [
  ['how it may be written', ['ro', 'rw']],
  ['propagation', ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared']],
  ['consistency', ['consistent', 'cached', 'delegated']],
  ['the label', ['z', 'Z']],
]

/** `/run[:size=64m,mode=1777]` */
export function tmpfs(text: string, origin: string): TmpfsSpec {
  const colon = text.indexOf(':')
  const path = colon < 0 ? text : text.slice(0, colon)
  const options =
    colon < 0
      ? []
      : text
          .slice(colon + 1)
          .split(',')
          .filter(Boolean)
  return { type: 'tmpfs', destination: containerPath(path), options: [...TMPFS_DEFAULTS, ...options], origin }
}

/** As Docker's `--tmpfs`. */
const TMPFS_DEFAULTS = ['nosuid', 'nodev', 'noexec']

/** `type=bind,source=/host,target=/container,readonly`, Docker's long form. */
export function mount(text: string, origin: string): MountSpec {
  const fields = new Map<string, string | undefined>()
  for (const field of csvFields(text)) {
    const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(field) ?? []
    const name = ALIASES[key.toLowerCase()] ?? key.toLowerCase()
    if (fields.has(name)) throw invalid(`${quote(name)} is given twice in ${quote(text)}`)
    fields.set(name, value)
  }
  const type = fields.get('type') ?? 'volume'
  const row = Object.hasOwn(TYPES, type) ? TYPES[type as keyof typeof TYPES] : undefined
  if (!row)
    throw invalid(
      type === 'volume' ? 'expected type=bind or type=tmpfs' : `unknown type ${quote(type)}; expected bind or tmpfs`,
      NO_VOLUMES,
    )
  for (const key of fields.keys()) {
    if (key !== 'type' && !(row.keys as readonly string[]).includes(key))
      throw invalid(`type=${type} has no ${quote(key)}; it has ${row.keys.join(', ')}`)
  }
  return row.make(fields, origin)
}

const ALIASES: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
}

type Fields = ReadonlyMap<string, string | undefined>

const TYPES = {
  bind: {
    keys: ['source', 'target', 'readonly', 'bind-propagation', 'bind-recursive', 'bind-nonrecursive'],
    make: (fields: Fields, origin: string): BindSpec => {
      const recursive = fields.get('bind-recursive') ?? 'enabled'
      const readonly = isOn(fields, 'readonly')
      const alone = recursive === 'disabled' || isOn(fields, 'bind-nonrecursive')
      const propagation = fields.get('bind-propagation')
      if (!['enabled', 'disabled', 'writable', 'readonly'].includes(recursive)) {
        throw invalid(`expected bind-recursive=enabled, disabled, writable or readonly, got ${quote(recursive)}`)
      }
      return {
        type: 'bind',
        source: hostPath(needed(fields, 'source')),
        destination: containerPath(needed(fields, 'target')),
        options: [
          alone ? 'bind' : 'rbind',
          ...(readonly ? [alone || recursive === 'writable' ? 'ro' : 'rro'] : []),
          ...(propagation ? [propagation] : []),
        ],
        origin,
      }
    },
  },
  tmpfs: {
    keys: ['target', 'readonly', 'tmpfs-size', 'tmpfs-mode'],
    make: (fields: Fields, origin: string): TmpfsSpec => {
      const size = fields.get('tmpfs-size')
      const mode = fields.get('tmpfs-mode')
      if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode))
        throw invalid(`expected tmpfs-mode in octal, such as 1777, got ${quote(mode)}`)
      return {
        type: 'tmpfs',
        destination: containerPath(needed(fields, 'target')),
        options: [
          ...TMPFS_DEFAULTS,
          ...(isOn(fields, 'readonly') ? ['ro'] : []),
          ...(size === undefined ? [] : [`size=${bytes(size)}`]),
          ...(mode === undefined ? [] : [`mode=${mode}`]),
        ],
        origin,
      }
    },
  },
} as const

function needed(fields: Fields, key: string): string {
  const value = fields.get(key)
  if (!value) throw invalid(`${key} is missing: ${key}=PATH`)
  return value
}

function isOn(fields: Fields, key: string): boolean {
  if (!fields.has(key)) return false
  const value = fields.get(key) ?? 'true'
  if (value !== 'true' && value !== 'false' && value !== '1' && value !== '0') {
    throw invalid(`expected ${key}=true or ${key}=false, got ${quote(value)}`)
  }
  return value === 'true' || value === '1'
}

/** Absolute, or relative to where rt was started if it starts with `.`: another word would be a volume's name. */
function hostPath(text: string): string {
  if (text.includes('\0')) throw invalid('a NUL byte in a path')
  if (text.startsWith('/') || /^\.\.?(\/|$)/.test(text)) return resolve(text)
  throw invalid(`expected a path that starts with "/" or "./", got ${quote(text)}`, NO_VOLUMES)
}

function containerPath(text: string): string {
  if (text.includes('\0')) throw invalid('a NUL byte in a path')
  if (!text.startsWith('/')) throw invalid(`expected an absolute path in the container, got ${quote(text)}`)
  const path = posix.normalize(text).replace(/(.)\/$/, '$1')
  if (path === '/') throw invalid('cannot mount over the root "/" of the container', 'give the root as SOURCE')
  return path
}
