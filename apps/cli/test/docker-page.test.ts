// requires nothing; `npm run compare:docker` writes DOCKER.md anew
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { RUN_OPTIONS } from '../src/options/run.js'

const page = readFileSync(new URL('../DOCKER.md', import.meta.url), 'utf8')
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

describe('DOCKER.md', () => {
  it.each(Object.entries(RUN_OPTIONS))('says how --%s compares', (name, { short }) => {
    const written = new RegExp(`[\`\\s](--${name}\\b${short === undefined ? '' : `|-[a-z]*${short}\\b`})`)
    expect(page).toMatch(written)
  })

  it('has a reason for every difference', () => {
    expect(page).not.toContain('NOT EXPLAINED')
    const [, rows = ''] = /What differs, and why\n\n([\s\S]*?)\n\n##/.exec(page) ?? []
    const different = rows.split('\n').slice(2)
    expect(Number(/(\d+) different/.exec(page)?.[1])).toBe(different.length)
    for (const row of different) expect(row).toMatch(/\| [^|]{10,} \|$/)
  })
})

describe('the root README', () => {
  /** The lists below "Options of `run`", without their headings. */
  const listed = [
    ...(/Options of `run`[^\n]*\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '').matchAll(/`(-[^`]*)`/g),
  ].flatMap(([, words = '']) => words.split(/[\s,]+/).filter((word) => word.startsWith('-')))
  const isKnown = (word: string): boolean =>
    word.startsWith('--')
      ? Object.hasOwn(RUN_OPTIONS, word.slice(2))
      : Object.values(RUN_OPTIONS).some(({ short }) => `-${short}` === word)

  it('names no option that rt run has not', () => {
    expect(listed.length).toBeGreaterThan(30)
    expect(listed.filter((word) => !isKnown(word))).toEqual([])
  })

  it('names every option that docker has, too', () => {
    const own = ['help', 'root-dir', 'max-entries', 'max-depth', 'max-size', 'max-ratio']
    const named = (name: string, short: string | undefined) =>
      listed.includes(`--${name}`) || listed.includes(`-${short}`)
    const missing = Object.entries(RUN_OPTIONS).filter(
      ([name, { short }]) => !own.includes(name) && !named(name, short),
    )
    expect(missing.map(([name]) => name)).toEqual([])
  })

  it('names no command that rt has not', async () => {
    const { COMMANDS } = await import('../src/commands/table.js')
    const commands = COMMANDS.map(({ name }) => name)
    const used = [...readme.matchAll(/(?:\.\/rt|`rt) ([a-z]+)/g)].map(([, name]) => name ?? '')
    expect(used.length).toBeGreaterThan(8)
    expect(used.filter((name) => !commands.includes(name))).toEqual([])
  })
})
