import { readFileSync } from 'node:fs'
import { textBytes, textFromBytes } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { ownVariable } from '../arguments/own-bytes.js'
import { quote } from './quote.js'

/** A variable to set; without a value it was not set on the host either, and Docker leaves it out. */
export interface EnvEntry {
  readonly name: string
  readonly value: string | undefined
}

/** `NAME=value`, or `NAME`: the value it has for rt itself. */
export function envEntry(text: string): EnvEntry {
  const equals = text.indexOf('=')
  const name = equals < 0 ? text : text.slice(0, equals)
  if (name === '') throw invalid(`expected NAME=VALUE or NAME, got ${quote(text)}`)
  if (text.includes('\0')) throw invalid(`a NUL byte in ${quote(text)}`)
  return { name, value: equals < 0 ? ownVariable(name) : text.slice(equals + 1) }
}

/**
 * A file of variables: a line each, as for `--env`; lines that are empty or start with `#` are skipped. Quotes are part
 * of the value, as in Docker.
 */
export function envFile(path: string): readonly EnvEntry[] {
  let text: string
  try {
    text = textFromBytes(readFileSync(textBytes(path)))
  } catch (error) {
    throw invalid(`cannot read ${quote(path)}: ${(error as Error).message}`)
  }
  return text.split('\n').flatMap((line, index) => {
    const entry = line.replace(/\r$/, '').trimStart()
    if (entry === '' || entry.startsWith('#')) return []
    const name = /^[^=]*/.exec(entry)?.[0] ?? ''
    if (/\s/.test(name)) throw invalid(`${path} line ${index + 1}: white space in the name ${quote(name)}`)
    return envEntry(entry)
  })
}

/** All of them in one list of `NAME=value`; where a name comes twice, the later one counts. */
export function environment(entries: Iterable<EnvEntry>): string[] {
  const byName = new Map<string, string>()
  for (const { name, value } of entries) {
    if (value === undefined) byName.delete(name)
    else byName.set(name, `${name}=${value}`)
  }
  return [...byName.values()]
}
