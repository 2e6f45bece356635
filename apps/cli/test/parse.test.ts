// requires nothing
import { describe, expect, it } from 'vitest'
import { Complaints, invalid } from '../src/arguments/complaints.js'
import { flag, many, one } from '../src/arguments/option.js'
import { parseArguments } from '../src/arguments/parse.js'

const OPTIONS = {
  interactive: flag({ short: 'i', help: '' }),
  tty: flag({ short: 't', help: '' }),
  env: many({ short: 'e', value: 'NAME', help: '' }),
  memory: one({ short: 'm', value: 'BYTES', help: '' }),
  'memory-swap': one({ value: 'BYTES', help: '' }),
  count: one({
    value: 'N',
    help: '',
    parse: (text: string) => {
      if (!/^\d+$/.test(text)) throw invalid(`expected a number, got ${JSON.stringify(text)}`)
      return Number(text)
    },
  }),
}

function parse(...argv: string[]) {
  const complaints = new Complaints()
  const { values, rest, origins } = parseArguments(argv, OPTIONS, complaints)
  const given = Object.fromEntries(
    Object.entries(values).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value !== undefined)),
  )
  return {
    given,
    rest,
    origins: [...origins.values()],
    complaints: complaints.list.map(({ path, message }) => `${path}: ${message}`),
  }
}

describe('parseArguments', () => {
  it.each<[string[], Record<string, unknown>, string[]]>([
    [[], {}, []],
    [['a', '-i'], {}, ['a', '-i']],
    [['-it', 'a'], { interactive: true, tty: true }, ['a']],
    [['-i', '-t', '--', 'a'], { interactive: true, tty: true }, ['--', 'a']],
    [['--tty=false', '--interactive=true', 'a'], { tty: false, interactive: true }, ['a']],
    [['-t=false'], { tty: false }, []],
    [['-m', '5m', 'a'], { memory: '5m' }, ['a']],
    [['-m5m', 'a'], { memory: '5m' }, ['a']],
    [['-m=5m', 'a'], { memory: '5m' }, ['a']],
    [['--memory=5m', 'a'], { memory: '5m' }, ['a']],
    [['--memory=', 'a'], { memory: '' }, ['a']],
    [['--memory', '5m', '--memory', '6m'], { memory: '6m' }, []],
    [['-itm', '5m', 'a'], { interactive: true, tty: true, memory: '5m' }, ['a']],
    [['-itm5m', 'a'], { interactive: true, tty: true, memory: '5m' }, ['a']],
    [['-e', 'A=1', '--env', 'B=2=3', '-eC', '--env=D=4'], { env: ['A=1', 'B=2=3', 'C', 'D=4'] }, []],
    [['-e', '--', 'a'], { env: ['--'] }, ['a']],
    [['-e', '-t', 'a'], { env: ['-t'] }, ['a']],
    [['-', '-t'], {}, ['-', '-t']],
    [['--count', '7'], { count: 7 }, []],
    [['--env', 'line\nbreak'], { env: ['line\nbreak'] }, []],
    [['--env=line\nbreak'], { env: ['line\nbreak'] }, []],
  ])('%j', (argv, given, rest) => {
    expect(parse(...argv)).toMatchObject({ given, rest, complaints: [] })
  })

  it('remembers how each option was typed', () => {
    expect(parse('-m5m', '-it', '--env=A=1', '--tty=false').origins).toEqual([
      '--memory 5m',
      '--interactive',
      '--tty=false',
      '--env A=1',
    ])
  })

  it.each<[string[], string[]]>([
    [['--memroy', '5m', 'a'], ['--memroy: unknown option; did you mean --memory?']],
    [['--nothing-like-it', 'a'], ['--nothing-like-it: unknown option']],
    [['-x'], ['-x: unknown option']],
    [['-ix'], ['-x: unknown option']],
    [['-memory'], []],
    [['-tty'], ['-y: unknown option']],
    [['--memory'], ['--memory: needs a value: --memory BYTES']],
    [['-m'], ['-m: needs a value: -m BYTES']],
    [['--tty=perhaps'], ['--tty: expected true or false, got "perhaps"']],
    [['--count', 'x'], ['--count: expected a number, got "x"']],
    [['--toString'], ['--toString: unknown option']],
    [['--__proto__=1'], ['--__proto__: unknown option']],
    // All at once, going on behind what was probably an unknown option's value.
    [
      ['--memroy', '5m', '--count', 'x', '--tyt', '--count=y', 'source'],
      [
        '--memroy: unknown option; did you mean --memory?',
        '--count: expected a number, got "x"',
        '--tyt: unknown option; did you mean --tty?',
        '--count: expected a number, got "y"',
      ],
    ],
  ])('complains: %j', (argv, complaints) => {
    expect(parse(...argv).complaints).toEqual(complaints)
  })
})

describe('Complaints', () => {
  it('throws nothing if there are none', () => {
    expect(() => new Complaints().throwIfAny('run')).not.toThrow()
  })

  it('is one error with the one complaint, its hint and its option', () => {
    const complaints = new Complaints()
    complaints.try('--memory', () => {
      throw invalid('too small', 'more')
    })
    expect(() => complaints.throwIfAny('run')).toThrow(
      expect.objectContaining({ message: 'too small', origin: '--memory', hint: 'more' }),
    )
  })

  it('is one error with all of them', () => {
    const complaints = new Complaints()
    complaints.add('--a', 'one')
    complaints.add('--b', 'two')
    expect(() => complaints.throwIfAny('run')).toThrow(
      expect.objectContaining({
        message: '--a: one (and 1 more)',
        summary: '2 things are wrong with the arguments',
        hint: 'rt run --help',
        complaints: [
          { path: '--a', message: 'one' },
          { path: '--b', message: 'two' },
        ],
      }),
    )
  })

  it('does not take a failing system for bad input', () => {
    expect(() =>
      new Complaints().try('--a', () => {
        throw new TypeError('a bug')
      }),
    ).toThrow('a bug')
  })
})
