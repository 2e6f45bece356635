// requires nothing
import { describe, expect, it } from 'vitest'
import { completionRows } from '../src/completion/model.js'
import { commandHelp } from '../src/help/command-help.js'
import { overview } from '../src/help/overview.js'
import { HELP_WIDTH, wrap } from '../src/help/wrap.js'
import { RUN_GROUPS, RUN_OPTIONS } from '../src/options/run.js'

const commands = await completionRows()

describe('help', () => {
  it('of rt', async () => {
    await expect(overview()).toMatchFileSnapshot('golden/help.txt')
  })

  it.each(commands)('of $name', async ({ name, command }) => {
    expect(command.name).toBe(name)
    await expect(commandHelp(command)).toMatchFileSnapshot(`golden/help-${name.replace(' ', '-')}.txt`)
  })

  it.each(commands)('of $name fits a terminal', ({ command }) => {
    // A shell command that can be copied is not broken.
    const lines = commandHelp(command)
      .split('\n')
      .filter((line) => !line.startsWith('Usage:') && !/^ {2}rt /.test(line))
    expect(lines.filter((line) => line.length > HELP_WIDTH)).toEqual([])
  })

  it('wraps at words only', () => {
    expect(wrap('one two three', 0, 7)).toBe('one two\nthree')
    expect(wrap('one two three', 2, 9)).toBe('one two\n  three')
    expect(wrap('a-word-that-is-too-long b', 0, 5)).toBe('a-word-that-is-too-long\nb')
  })
})

describe('the options', () => {
  it('of run are all in one group of its help', () => {
    const grouped = RUN_GROUPS.flatMap(({ options }) => Object.keys(options))
    expect(grouped.sort()).toEqual(Object.keys(RUN_OPTIONS).sort())
  })

  it.each(commands)('of $name have one letter each, and one meaning each letter', ({ command }) => {
    const letters = Object.values(command.options).flatMap(({ short }) => short ?? [])
    expect(letters.filter((letter) => letter.length !== 1)).toEqual([])
    expect(new Set(letters).size).toBe(letters.length)
  })

  it.each(commands)('of $name say what they do, and what they take', ({ command }) => {
    for (const [name, option] of Object.entries(command.options)) {
      expect(option.help, name).toMatch(/^\S.*\S$/)
      expect(option.help, name).not.toMatch(/\.$/)
      expect(option.kind === 'flag' ? option.value : typeof option.value, name).toBe(
        option.kind === 'flag' ? undefined : 'string',
      )
    }
  })
})
