import { invalid } from '../arguments/complaints.js'

type Call = (...args: readonly unknown[]) => unknown

/** As Go's text/template prints a value (fmt, %v). */
export function printed(value: unknown): string {
  if (value === undefined || value === null) return '<no value>'
  if (Array.isArray(value)) return `[${value.map(inner).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, each]) => `${key}:${inner(each)}`).join(' ')}]`
}

const inner = (value: unknown): string => (value === undefined || value === null ? '<nil>' : printed(value))

/** What `if` takes for true: nothing empty (text/template, "Actions"). */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}

const text = (value: unknown, of: string): string => {
  if (typeof value === 'string') return value
  throw invalid(`${of}: expected text, got ${printed(value)}`)
}

const list = (value: unknown, of: string): readonly unknown[] => {
  if (Array.isArray(value)) return value
  throw invalid(`${of}: expected a list, got ${printed(value)}`)
}

const count = (value: unknown, of: string): number => {
  if (typeof value === 'number' && Number.isInteger(value)) return value
  throw invalid(`${of}: expected a number, got ${printed(value)}`)
}

/** Go escapes what HTML would take for markup, and Docker does not. */
const json = (value: unknown): string => JSON.stringify(value ?? null)

const printf: Call = (format, ...args) => {
  const left = [...args]
  return text(format, 'printf').replace(/%([-+0-9.]*)([sdvq%])/g, (_, width: string, verb: string) => {
    if (verb === '%') return '%'
    if (left.length === 0) return `%!${verb}(MISSING)`
    const value = left.shift()
    const shown = verb === 'q' ? JSON.stringify(String(value)) : printed(value)
    const room = Number.parseInt(width.replace(/^[-+]/, ''), 10) || 0
    return width.startsWith('-') ? shown.padEnd(room) : shown.padStart(room)
  })
}

const length: Call = (value) => {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.length
  if (typeof value === 'object' && value !== null) return Object.keys(value).length
  throw invalid(`len: expected a list, a map or text, got ${printed(value)}`)
}

const index: Call = (value, ...keys) =>
  keys.reduce((from, key) => {
    if (Array.isArray(from)) {
      const at = count(key, 'index')
      if (at >= 0 && at < from.length) return from[at] as unknown
      throw invalid(`index: out of range: ${at}`)
    }
    if (typeof from === 'object' && from !== null) return (from as Record<string, unknown>)[String(key)] ?? ''
    throw invalid(`index: expected a list or a map, got ${printed(from)}`)
  }, value)

/** A space only between what is no text (Go's fmt.Sprint). */
const print: Call = (...args) =>
  args
    .map((value, at) => {
      const apart = at > 0 && typeof value !== 'string' && typeof args[at - 1] !== 'string'
      return `${apart ? ' ' : ''}${printed(value)}`
    })
    .join('')

const slice: Call = (value, from = 0, to) => {
  const whole = typeof value === 'string' ? value : list(value, 'slice')
  const [begin, end] = [count(from, 'slice'), count(to ?? whole.length, 'slice')]
  if (begin < 0 || begin > end || end > whole.length) throw invalid(`slice: out of range: ${begin} ${end}`)
  return whole.slice(begin, end)
}

/** @throws RtError RT_INVALID_OPTION for what is of two kinds: text and a number are never the same */
function isSame(value: unknown, other: unknown, of: string): boolean {
  const isNothing = value === null || value === undefined || other === null || other === undefined
  if (!isNothing && typeof value !== typeof other) {
    throw invalid(`${of}: cannot compare ${printed(value)} with ${printed(other)}: they are of different types`)
  }
  return value === other
}

function ordered(value: unknown, other: unknown, of: string): number {
  if (typeof value === 'number' && typeof other === 'number') return value - other
  if (typeof value === 'string' && typeof other === 'string')
    return Buffer.compare(Buffer.from(value), Buffer.from(other))
  throw invalid(`${of}: expected two numbers or two texts, got ${printed(value)} and ${printed(other)}`)
}

/** Docker's (and Go's own) functions of a template. */
export const FUNCTIONS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['json', json],
  ['join', (value, by) => list(value, 'join').map(printed).join(text(by, 'join'))],
  ['split', (value, by) => text(value, 'split').split(text(by, 'split'))],
  ['lower', (value) => text(value, 'lower').toLowerCase()],
  ['upper', (value) => text(value, 'upper').toUpperCase()],
  ['title', (value) => text(value, 'title').replace(/\b\p{L}/gu, (letter) => letter.toUpperCase())],
  [
    'pad',
    (value, before, after) =>
      value === '' ? '' : ' '.repeat(count(before, 'pad')) + text(value, 'pad') + ' '.repeat(count(after, 'pad')),
  ],
  ['truncate', (value, most) => [...text(value, 'truncate')].slice(0, count(most, 'truncate')).join('')],
  ['println', (...args) => `${args.map(printed).join(' ')}\n`],
  ['print', print],
  ['printf', printf],
  ['len', length],
  ['index', index],
  ['not', (value) => !isTrue(value)],
  ['and', (...args) => args.find((value) => !isTrue(value)) ?? args.at(-1)],
  ['or', (...args) => args.find(isTrue) ?? args.at(-1)],
  ['slice', slice],
  ['eq', (value, ...others) => others.some((other) => isSame(value, other, 'eq'))],
  ['ne', (value, other) => !isSame(value, other, 'ne')],
  ['lt', (value, other) => ordered(value, other, 'lt') < 0],
  ['le', (value, other) => ordered(value, other, 'le') <= 0],
  ['gt', (value, other) => ordered(value, other, 'gt') > 0],
  ['ge', (value, other) => ordered(value, other, 'ge') >= 0],
])
