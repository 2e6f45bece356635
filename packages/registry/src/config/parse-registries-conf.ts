import { type Complaint, RtError } from '@rt/sys'
import { parse } from 'smol-toml'
import { isHost } from '../reference/reference.js'
import type { Mirror, RegistriesConfig, RegistryRule } from './registries-config.js'

type Table = Readonly<Record<string, unknown>>

/**
 * Reads one registries.conf, version 2 (containers-registries.conf(5)). What is about other programs' work
 * (`credential-helpers`, `additional-layer-store-auth-helper`) is not looked at.
 *
 * @param file where it is from, for messages
 * @returns what it says; what it doesn't is undefined
 * @throws RtError RT_INVALID_CONFIG with all complaints; RT_UNSUPPORTED for version 1
 */
export function parseRegistriesConf(text: string, file: string): Partial<RegistriesConfig> {
  let table: Table
  try {
    table = parse(text) as Table
  } catch (cause) {
    throw new RtError('RT_INVALID_CONFIG', `${JSON.stringify(file)} is no TOML: ${(cause as Error).message}`, { cause })
  }
  if (table.registries !== undefined) {
    throw new RtError(
      'RT_UNSUPPORTED',
      `${JSON.stringify(file)} is in version 1 of its format ([registries.search], …)`,
      {
        hint: 'write unqualified-search-registries and [[registry]], as containers-registries.conf(5) says',
      },
    )
  }
  const reader = new Reader()
  const search = reader.strings(table, 'unqualified-search-registries', '')
  for (const host of search ?? [])
    if (!isHost(host)) reader.complain('unqualified-search-registries', `${JSON.stringify(host)} is no host`)
  const mode = reader.oneOf(table, 'short-name-mode', '', ['enforcing', 'permissive', 'disabled'] as const)
  const aliases = reader.table(table.aliases ?? {}, 'aliases')
  const config: Partial<RegistriesConfig> = {
    rules: reader.tables(table, 'registry', '').map((each, at) => readRule(each, `registry[${at}]`, file, reader)),
    aliases: new Map(Object.keys(aliases).map((name) => [name, reader.string(aliases, name, 'aliases.') ?? ''])),
    ...(search ? { searchRegistries: search } : {}),
    ...(mode ? { shortNameMode: mode } : {}),
  }
  if (reader.complaints.length > 0) {
    throw new RtError('RT_INVALID_CONFIG', `${JSON.stringify(file)} is not valid`, { complaints: reader.complaints })
  }
  return config
}

function readRule(table: Table, path: string, file: string, reader: Reader): RegistryRule {
  const at = `${path}.`
  const location = trimmed(reader.string(table, 'location', at))
  const prefix = trimmed(reader.string(table, 'prefix', at)) || location
  if (prefix === '') reader.complain(path, 'expected a prefix or a location')
  const host = prefix.split('/')[0]!
  if (prefix !== '' && !isHost(host.replace(/^\*\./, '')))
    reader.complain(`${at}prefix`, `${JSON.stringify(host)} is no host`)
  if (prefix.startsWith('*.') && prefix.includes('/'))
    reader.complain(`${at}prefix`, '"*." may stand before a host alone')
  const digestsOnly = reader.boolean(table, 'mirror-by-digest-only', at)
  return {
    prefix,
    location,
    insecure: reader.boolean(table, 'insecure', at),
    blocked: reader.boolean(table, 'blocked', at),
    mirrors: reader
      .tables(table, 'mirror', at)
      .map((mirror, index) => readMirror(mirror, `${at}mirror[${index}].`, digestsOnly, reader)),
    file,
  }
}

function readMirror(table: Table, at: string, digestsOnly: boolean, reader: Reader): Mirror {
  const location = trimmed(reader.string(table, 'location', at))
  if (!isHost(location.split('/')[0]!)) reader.complain(`${at}location`, 'expected HOST or HOST/PATH')
  const pull = reader.oneOf(table, 'pull-from-mirror', at, ['all', 'digest-only', 'tag-only'] as const)
  return {
    location,
    insecure: reader.boolean(table, 'insecure', at),
    pull: digestsOnly ? 'digest-only' : (pull ?? 'all'),
  }
}

const trimmed = (text: string | undefined): string => (text ?? '').replace(/\/+$/, '')

/** Takes values of the right type out of tables; what has another is a complaint, and counts as not there. */
class Reader {
  readonly complaints: Complaint[] = []

  complain(path: string, message: string): void {
    this.complaints.push({ path, message })
  }

  string(table: Table, key: string, at: string): string | undefined {
    return this.#typed(table, key, at, 'a string', (value): value is string => typeof value === 'string')
  }

  boolean(table: Table, key: string, at: string): boolean {
    const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean'
    return this.#typed(table, key, at, 'true or false', isBoolean) ?? false
  }

  strings(table: Table, key: string, at: string): string[] | undefined {
    const areStrings = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every((each) => typeof each === 'string')
    return this.#typed(table, key, at, 'an array of strings', areStrings)
  }

  oneOf<T extends string>(table: Table, key: string, at: string, known: readonly T[]): T | undefined {
    return this.#typed(table, key, at, known.join(', '), (value): value is T => known.includes(value as T))
  }

  tables(table: Table, key: string, at: string): Table[] {
    const areTables = (value: unknown): value is Table[] => Array.isArray(value) && value.every(isTable)
    return this.#typed(table, key, at, `tables [[${at}${key}]]`, areTables) ?? []
  }

  table(value: unknown, path: string): Table {
    if (isTable(value)) return value
    this.complain(path, 'expected a table')
    return {}
  }

  #typed<T>(
    table: Table,
    key: string,
    at: string,
    expected: string,
    is: (value: unknown) => value is T,
  ): T | undefined {
    const value = table[key]
    if (value === undefined || is(value)) return value
    this.complain(`${at}${key}`, `expected ${expected}`)
    return undefined
  }
}

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
