/** One way in that a server offers (RFC 9110, section 11.3). */
export interface Challenge {
  /** Lower-case: `bearer`, `basic`. */
  readonly scheme: string
  /** Names are lower-case. */
  readonly parameters: Readonly<Record<string, string>>
}

/** RFC 9110's token, at the place where the scanner stands. */
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
/** `name="value"` or `name=value`, blanks allowed around `=`. */
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]+))/y
/** Negotiate's and NTLM's kind: one lump after the scheme. */
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y
const BLANKS = /[ \t]*/y
const BLANKS_AND_COMMAS = /[ \t,]*/y

/**
 * Reads a WWW-Authenticate header, or several joined by commas. A comma parts the parameters of one challenge as well as
 * challenges, so what follows it decides: `word=` is a parameter, a word alone the next scheme.
 *
 * @returns the challenges in their order, up to where the header stops to make sense
 */
export function parseChallenges(text: string): Challenge[] {
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text) ?? undefined
    if (found) at = pattern.lastIndex
    return found
  }
  const challenges: Challenge[] = []
  for (;;) {
    take(BLANKS_AND_COMMAS)
    const scheme = take(TOKEN)?.[0].toLowerCase()
    if (scheme === undefined) return challenges
    const parameters: Record<string, string> = Object.create(null)
    challenges.push({ scheme, parameters })
    take(BLANKS)
    if (take(TOKEN68)) continue
    for (;;) {
      const parameter = take(PARAMETER)
      if (!parameter) break
      const [, name = '', quoted, plain = ''] = parameter
      // RFC 9110: a parameter stands once; the first is what a careful reader acts on.
      parameters[name.toLowerCase()] ??= quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1')
      const before = at
      take(BLANKS_AND_COMMAS)
      if (at === before) break
    }
  }
}
