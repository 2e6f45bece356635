// requires nothing: programs are pure
import { O_CLOEXEC, O_PATH, OPEN_HOW_SIZE_VER0, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { call, explain, type Instruction, ROOT, ref, sequence, struct } from '../src/index.js'
import { step } from './plans.js'

const lookUp = (path: string, beneathMount = true): Instruction =>
  call(
    'openat2',
    [
      ref(ROOT),
      path,
      struct('open_how', { flags: O_PATH | O_CLOEXEC, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS }),
      OPEN_HOW_SIZE_VER0,
    ],
    { save: 'found', onError: { ENOENT: 'end' }, ...(beneathMount ? { beneathMount } : {}) },
  )
const mounted = (path: string, word = 'mount'): Instruction => call('close', [ref(word)], { mountedAt: path })

/** What the instructions of one step become. */
function linked(...instructions: readonly Instruction[]): string[] {
  const end: Instruction = { kind: 'label', name: 'end' }
  return explain(sequence(step('tested', { 'init.mount': [...instructions, end] })))
    .filter(({ step: name }) => name === 'tested')
    .flatMap(({ calls }) => calls.map((each) => each.call.replace(/, \{flags.*?resolve=/, ', ').replace(/\}, \d+/, '')))
}
const FROM_ROOT = (path: string) => `openat2($root, "${path}", RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT)`
const BENEATH = (mount: string, path: string) =>
  `openat2($mount:${mount}<${mount}>, "${path}", RESOLVE_NO_MAGICLINKS|RESOLVE_BENEATH)`

describe('a look-up', () => {
  it('begins at the mount that holds its path, whose fd is kept for it', () => {
    expect(linked(mounted('/a'), mounted('/b'), lookUp('a/x/y'))).toEqual([
      '$mount:/a = mount',
      'close(mount)',
      BENEATH('/a', 'x/y'),
    ])
  })

  it('of the mount itself takes its fd: it may be a file', () => {
    expect(linked(mounted('/a'), lookUp('/a'))).toEqual([
      '$mount:/a = mount',
      'fcntl($mount:/a</a>, F_DUPFD_CLOEXEC, 0)',
    ])
  })

  it('begins at the deepest mount', () => {
    expect(linked(mounted('/a'), mounted('/a/b'), lookUp('a/b/c'))[2]).toBe(BENEATH('/a/b', 'c'))
  })

  it('begins at the upper one where a later mount covers an earlier', () => {
    expect(linked(mounted('/a/b', 'first'), mounted('/a', 'second'), lookUp('a/b/c'))).toEqual([
      'close(first)',
      '$mount:/a = second',
      BENEATH('/a', 'b/c'),
    ])
  })

  it('begins at the later one of two at the same place', () => {
    expect(linked(mounted('/a', 'first'), mounted('/a', 'second'), lookUp('a/b'))).toEqual([
      'close(first)',
      '$mount:/a = second',
      BENEATH('/a', 'b'),
    ])
  })

  it('knows no mount that comes after it, and none with a name that only begins alike', () => {
    expect(linked(mounted('/a'), lookUp('ab/c'), lookUp('b/c'), mounted('/b'))).toEqual([
      'close(mount)',
      FROM_ROOT('ab/c'),
      FROM_ROOT('b/c'),
      'close(mount)',
    ])
  })

  it('that does not ask for it begins at the root', () => {
    expect(linked(mounted('/a'), lookUp('a/x', false))).toEqual(['close(mount)', FROM_ROOT('a/x')])
  })
})

it('mounts and look-ups of different steps, and of plans within plans, find each other', () => {
  const inner = sequence(step('mounts', { 'init.mount': [mounted('/a')] }))
  const outer = sequence(inner, step('looks', { 'init.mount': [lookUp('a/x'), { kind: 'label', name: 'end' }] }))
  const calls = explain(outer).flatMap((each) => each.calls.map(({ call: made }) => made))
  expect(calls).toContain('$mount:/a = mount')
  expect(calls.filter((each) => each.startsWith('openat2($mount:/a</a>, "x"'))).toHaveLength(1)
  // The plan as data stays what its steps were.
  expect(outer.steps[0]?.['init.mount']).toEqual([mounted('/a')])
})
