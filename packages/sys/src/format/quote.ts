import { bytesOfText, isUtf8 } from './byte-text.js'

/** How text is cut. */
const ELLIPSIS = '...'

const NAMED: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
}

/**
 * Controls, format characters (bidi overrides, zero-width ones) and line separators: a terminal would obey them. The
 * expression is made when it is first needed: with Unicode's tables that takes a quarter of a millisecond.
 */
const isInvisible = (character: string): boolean => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(character)

/** ASCII that stands for itself: what most paths are made of, and no work. */
const PLAIN = /^[ !#-[\]-~]*$/

/** The longest UTF-8 text at the start of `bytes` that does not end within a character. */
function wholeCharacters(bytes: Uint8Array, longest: number): Uint8Array {
  let end = longest
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** `\1`, or `\001` where the next character is a digit and would be read as part of the escape. */
function octal(byte: number, next: number | undefined): string {
  const digitFollows = next !== undefined && next >= 0x30 && next <= 0x39
  return `\\${byte.toString(8).padStart(digitFollows ? 3 : 1, '0')}`
}

/**
 * Text in double quotes with C's escapes, as strace prints it: `"a\tb\0"`. Unlike strace, valid UTF-8 stays readable;
 * bytes that are not UTF-8 (in a string: those that `textFromBytes` escaped), and characters that a terminal would obey instead of show, are octal escapes.
 *
 * @param longest bytes shown; the rest is `...` after the closing quote
 */
export function quote(text: string | Uint8Array, longest = Number.POSITIVE_INFINITY): string {
  if (typeof text === 'string' && text.length <= longest && PLAIN.test(text)) return `"${text}"`
  // A message must come about whatever is in the text: half a surrogate pair is shown as U+FFFD.
  const all = typeof text === 'string' ? (bytesOfText(text) ?? Buffer.from(text)) : text
  const cut = all.byteLength > longest
  const valid = decode(cut ? wholeCharacters(all, longest) : all)
  const shown = valid === undefined ? all.subarray(0, longest) : Buffer.from(valid)
  const units =
    valid === undefined
      ? Array.from(shown, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : undefined))
      : Array.from(valid)
  let out = ''
  let at = 0
  for (const unit of units) {
    const length = unit === undefined ? 1 : Buffer.byteLength(unit)
    const named = length === 1 ? NAMED[shown[at] as number] : undefined
    if (named !== undefined) out += named
    else if (unit !== undefined && !isInvisible(unit)) out += unit
    else for (let i = at; i < at + length; i++) out += octal(shown[i] as number, shown[i + 1])
    at += length
  }
  return `"${out}"${cut ? ELLIPSIS : ''}`
}

/** Text with the same escapes, without quotes: for paths within a sentence. */
export const escaped = (text: string | Uint8Array): string => quote(text).slice(1, -1)

/** Words from outside within a sentence: as they are where they are UTF-8, else with the same escapes. */
export const printable = (text: string): string => (isUtf8(text) ? text : escaped(text))

/** The bytes before the first NUL: a C string. */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}
