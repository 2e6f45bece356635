import { isUtf8, nearest, printable } from '@rt/sys'
import { quote } from '../values/quote.js'
import type { Complaints } from './complaints.js'
import type { Option, Options, Values } from './option.js'

/** A command line taken apart. */
export interface Parsed<O extends Options> {
  readonly values: Values<O>
  /** How each given option was typed last: `--memory 5m`. */
  readonly origins: ReadonlyMap<string, string>
  /** What follows the options, with a `--` that stands there. */
  readonly rest: readonly string[]
}

/**
 * Options as Docker reads them: they end at the first word that is none, so that a container's command may have options
 * of its own. `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, clusters `-it`, flags `--rm=false`.
 * `-h` and `--help` are left to the caller (see `asksForHelp`).
 */
export function parseArguments<O extends Options>(
  argv: readonly string[],
  options: O,
  complaints: Complaints,
): Parsed<O> {
  const values: Record<string, unknown> = {}
  for (const name in options) values[name] = options[name]?.kind === 'many' ? [] : undefined
  const origins = new Map<string, string>()
  const queue = [...argv]

  const take = (name: string, option: Option<unknown>, typed: string, attached: string | undefined): void => {
    if (option.kind === 'flag') {
      const on = attached === undefined ? true : BOOLEANS[attached.toLowerCase()]
      if (on === undefined) complaints.add(typed, `expected true or false, got ${JSON.stringify(attached)}`)
      values[name] = on
      origins.set(name, on === false ? `--${name}=false` : `--${name}`)
      return
    }
    const text = attached ?? queue.shift()
    if (text === undefined) {
      complaints.add(typed, `needs a value: ${typed} ${option.value}`)
      return
    }
    if (text === '' && option.empty === 'unset') {
      values[name] = undefined
      origins.delete(name)
      return
    }
    if (!option.bytes && !isUtf8(text)) {
      complaints.add(`--${name}`, `expected UTF-8, got ${quote(text)}`)
      return
    }
    const origin = `--${name} ${printable(text)}`
    origins.set(name, origin)
    const value = complaints.try(`--${name}`, () => (option.parse ? option.parse(text, origin) : text))
    if (option.kind === 'one') values[name] = value
    else if (value !== undefined) (values[name] as unknown[]).push(value)
  }

  for (;;) {
    const word = queue[0]
    if (word === undefined || word === '--' || word === '-' || !word.startsWith('-')) break
    queue.shift()
    if (word.startsWith('--')) {
      const [, typed = '', attached] = /^(--[^=]*)(?:=(.*))?$/s.exec(word) ?? []
      const name = longName(typed.slice(2), options)
      const option = Object.hasOwn(options, name) ? options[name] : undefined
      if (option) take(name, option, typed, attached)
      else {
        const meant = nearest(name, Object.keys(options))
        complaints.add(typed, `unknown option${meant === undefined ? '' : `; did you mean --${meant}?`}`)
        complaints.unsure = true
        // Step over what is probably its value, to find what else is wrong.
        if (meant !== undefined && options[meant]?.kind !== 'flag' && attached === undefined) queue.shift()
        if (meant === undefined && attached === undefined) break
      }
    } else if (!takeCluster(word, options, take, complaints)) break
  }
  return { values: values as Values<O>, origins, rest: queue }
}

/** The name of an option, by any that it has. */
const longName = (typed: string, options: Options): string =>
  Object.entries(options).find(([, { also }]) => also === typed)?.[0] ?? typed

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, t: true, 1: true, false: false, f: false, 0: false }

/**
 * `-it`, `-m5m`, `-itm 5m`: flags, until a letter takes the rest (or the next word) as its value.
 *
 * @returns false if a letter is unknown
 */
function takeCluster(
  word: string,
  options: Options,
  take: (name: string, option: Option<unknown>, typed: string, attached: string | undefined) => void,
  complaints: Complaints,
): boolean {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] as string
    const found = Object.entries(options).find(([, option]) => option.short === letter)
    if (!found) {
      const meant = at === 1 ? nearest(word.slice(1), Object.keys(options)) : undefined
      complaints.add(at === 1 ? word : `-${letter}`, `unknown option${meant ? `; did you mean --${meant}?` : ''}`)
      complaints.unsure = true
      return false
    }
    const [name, option] = found
    const rest = word.slice(at + 1)
    const attached = rest.startsWith('=') ? rest.slice(1) : rest
    const whole = option.kind !== 'flag' || rest.startsWith('=')
    take(name, option, `-${letter}`, whole && rest !== '' ? attached : undefined)
    if (whole) return true
  }
  return true
}
