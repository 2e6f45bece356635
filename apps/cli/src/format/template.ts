import { nearest } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { quote } from '../values/quote.js'
import { FUNCTIONS, isTrue, printed } from './functions.js'
import { type Piece, pieces, type Token, tokensOf } from './tokens.js'

/** Gives text for a value: `{{.ID}}`. */
export type Template = (data: unknown) => string

/** Of the dot, and of `$`, what the whole template was given. */
type Node = (data: unknown, root: unknown) => string
type Expression = (data: unknown, root: unknown) => unknown

/**
 * A template of Go's (text/template) as Docker's `--format` takes them: fields, pipelines, functions, `if`, `with`, `range`.
 * No variables, and no templates in templates.
 *
 * @throws RtError RT_INVALID_OPTION, and so does the template, for a field that isn't there
 */
export function parseTemplate(text: string): Template {
  const parser = new Parser(pieces(text))
  const body = parser.body(false)
  return (data) => body.map((node) => node(data, data)).join('')
}

class Parser {
  #at = 0

  constructor(readonly list: readonly Piece[]) {}

  /** Nodes up to `else` or `end`, which are left to the caller. @param isInner something is open that must be closed */
  body(isInner: boolean): Node[] {
    const nodes: Node[] = []
    for (;;) {
      const piece = this.list[this.#at]
      if (!piece) {
        if (isInner) throw invalid('{{end}} is missing')
        return nodes
      }
      if ('action' in piece && /^(else|end)\b/.test(piece.action)) {
        if (isInner) return nodes
        throw invalid(`{{${piece.action}}} ends nothing`)
      }
      this.#at++
      nodes.push('text' in piece ? () => piece.text : this.#action(piece.action))
    }
  }

  #action(action: string): Node {
    const [, keyword, rest = ''] = /^(if|with|range)\b(.*)$/s.exec(action) ?? []
    if (keyword === undefined) {
      const value = expression(action)
      return (data, root) => printed(value(data, root))
    }
    const value = expression(rest)
    const then = this.body(true)
    const otherwise = this.#otherwise()
    const run = (nodes: readonly Node[], data: unknown, root: unknown) => nodes.map((node) => node(data, root)).join('')
    return (data, root) => {
      const found = value(data, root)
      if (!isTrue(found)) return run(otherwise, data, root)
      if (keyword === 'range')
        return itemsOf(found)
          .map((item) => run(then, item, root))
          .join('')
      return run(then, keyword === 'with' ? found : data, root)
    }
  }

  /** What follows `else`, up to `end`. */
  #otherwise(): Node[] {
    const { action } = this.list[this.#at++] as { action: string }
    if (action === 'end') return []
    const [, inner] = /^else\s+(if\b.*)$/s.exec(action) ?? []
    if (inner !== undefined) return [this.#action(inner)]
    const nodes = this.body(true)
    this.#at++
    return nodes
  }
}

const itemsOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : typeof value === 'object' && value !== null ? Object.values(value) : [value]

/** A pipeline: each command gets the result of the one before as its last argument. */
function expression(action: string): Expression {
  const tokens = tokensOf(action)
  const { value, rest } = pipeline(tokens, action)
  if (rest.length > 0) throw invalid(`in {{${action}}}: ${quote(rest[0]?.text ?? '')} is too much`)
  return value
}

interface Parsed {
  readonly value: Expression
  readonly rest: readonly Token[]
}

function pipeline(tokens: readonly Token[], action: string): Parsed {
  let { value, rest } = command(tokens, action, undefined)
  while (rest[0]?.kind === '|') {
    const before = value
    ;({ value, rest } = command(rest.slice(1), action, before))
  }
  return { value, rest }
}

function command(tokens: readonly Token[], action: string, before: Expression | undefined): Parsed {
  const [first, ...others] = tokens
  if (!first) throw invalid(`{{${action}}} is not complete`)
  const isFunction = first.kind === 'word' && !LITERALS.has(first.text)
  if (!isFunction) {
    const operand = operandOf(tokens, action)
    if (before) throw invalid(`in {{${action}}}: ${quote(first.text)} is no function: nothing can be piped to it`)
    return operand
  }
  const call = FUNCTIONS.get(first.text)
  if (!call) throw unknownFunction(first.text)
  const args: Expression[] = []
  let rest: readonly Token[] = others
  while (rest.length > 0 && rest[0]?.kind !== '|' && rest[0]?.kind !== ')') {
    const operand = operandOf(rest, action)
    args.push(operand.value)
    rest = operand.rest
  }
  if (before) args.push(before)
  return { value: (data, root) => call(...args.map((argument) => argument(data, root))), rest }
}

const LITERALS = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['nil', null],
])

function operandOf(tokens: readonly Token[], action: string): Parsed {
  const [first, ...rest] = tokens
  switch (first?.kind) {
    case 'field':
      return { value: fieldOf(first.text), rest }
    case 'string':
      return { value: () => first.text, rest }
    case 'number':
      return { value: () => Number(first.text), rest }
    case 'word': {
      if (LITERALS.has(first.text)) return { value: () => LITERALS.get(first.text), rest }
      const call = FUNCTIONS.get(first.text)
      if (!call) throw unknownFunction(first.text)
      return { value: () => call(), rest }
    }
    case '(': {
      const inner = pipeline(rest, action)
      if (inner.rest[0]?.kind !== ')') throw invalid(`in {{${action}}}: ")" is missing`)
      return { value: inner.value, rest: inner.rest.slice(1) }
    }
    default:
      throw invalid(`in {{${action}}}: expected a value, got ${first ? quote(first.text) : 'nothing'}`)
  }
}

function unknownFunction(name: string): Error {
  const names = [...FUNCTIONS.keys()]
  const meant = nearest(name, names)
  return invalid(
    `function ${quote(name)} is not defined`,
    meant === undefined
      ? `there are ${names.join(', ')}; a field begins with a dot: .${name}`
      : `did you mean ${meant}?`,
  )
}

/** `.A.B`: of the dot; `$.A.B`: of what the template is given, also inside `range` and `with`. */
function fieldOf(path: string): Expression {
  const [from, ...names] = path.split('.')
  const members = names.filter(Boolean)
  return (data, root) => members.reduce(memberOf, from === '$' ? root : data)
}

function memberOf(value: unknown, name: string): unknown {
  if (value === null || value === undefined) throw invalid(`can't evaluate field ${name}: there is nothing before it`)
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw invalid(`can't evaluate field ${name} in ${printed(value)}`)
  }
  if (Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name]
  const names = Object.keys(value)
  const meant = nearest(name, names)
  throw invalid(
    `can't evaluate field ${name}: there is none`,
    meant === undefined ? `there are ${names.join(', ')}` : `did you mean .${meant}?`,
  )
}
