import { invalid } from '../arguments/complaints.js'
import { quote } from '../values/quote.js'

/** A piece of an action, `{{…}}`. */
export interface Token {
  readonly kind: 'field' | 'word' | 'string' | 'number' | '|' | '(' | ')'
  /** A field as `.A.B` or `$.A.B`, a string without its quotes. */
  readonly text: string
}

/** A template taken apart: text, and what stands between `{{` and `}}`. */
export type Piece = { readonly text: string } | { readonly action: string }

/** Text and actions. `{{-` and `-}}` take the white space beside them (Go's text/template, "Text and spaces"). */
export function pieces(template: string): Piece[] {
  const found: Piece[] = []
  let rest = template
  for (;;) {
    const [head, after] = splitOnce(rest, '{{')
    if (after === undefined) return head === '' ? found : [...found, { text: head }]
    const [inside, behind] = actionAndRest(after)
    if (behind === undefined) throw invalid(`unclosed action: ${quote(`{{${after}`)}`, 'an action ends with }}')
    const trimsBefore = /^-\s/.test(inside)
    const trimsAfter = /\s-$/.test(inside)
    const text = trimsBefore ? head.trimEnd() : head
    if (text !== '') found.push({ text })
    const action = inside.replace(/^-\s/, '').replace(/\s-$/, '').trim()
    if (!/^\/\*.*\*\/$/s.test(action)) found.push({ action })
    rest = trimsAfter ? behind.trimStart() : behind
  }
}

/** Up to the `}}` that is in no string. */
function actionAndRest(text: string): [string, string | undefined] {
  const [inside] =
    /^(?:(?:-\s)?\/\*[\s\S]*?\*\/(?:\s-)?|(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|(?!\}\})[^"`])*)(?=\}\})/.exec(text) ?? []
  return inside === undefined ? [text, undefined] : [inside, text.slice(inside.length + 2)]
}

const splitOnce = (text: string, at: string): [string, string | undefined] => {
  const index = text.indexOf(at)
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + at.length)]
}

const TOKEN =
  /\s*(?:(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<field>\$?(?:\.[A-Za-z_][\w]*)+|\$|\.)|(?<number>-?\d+(?:\.\d+)?)|(?<word>[A-Za-z_]\w*)|(?<mark>[|()]))/y

/** @throws RtError RT_INVALID_OPTION for what is no token */
export function tokensOf(action: string): Token[] {
  const tokens: Token[] = []
  const pattern = new RegExp(TOKEN)
  while (pattern.lastIndex < action.trimEnd().length) {
    const at = pattern.lastIndex
    const { string, field, number, word, mark } = pattern.exec(action)?.groups ?? {}
    if (string !== undefined) tokens.push({ kind: 'string', text: unquoted(string) })
    else if (field !== undefined) tokens.push({ kind: 'field', text: field })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else if (mark !== undefined) tokens.push({ kind: mark as '|', text: mark })
    else {
      throw invalid(
        `in {{${action}}}: ${quote(action.slice(at).trim())} is not understood`,
        'fields (.ID), functions (json, join), strings, numbers and | are; variables are not',
      )
    }
  }
  return tokens
}

function unquoted(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1)
  return JSON.parse(text.replace(/\\'/g, "'")) as string
}
