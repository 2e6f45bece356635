import {
  address,
  branch,
  call,
  compute,
  goto,
  type Instruction,
  label,
  load,
  ROOT,
  ref,
  type StructValue,
  struct,
  table,
} from '@rt/program'
import { F_DUPFD_CLOEXEC, O_CLOEXEC, O_PATH, OPEN_HOW_SIZE_VER0, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS } from '@rt/sys'
import { openInRoot } from '../instructions/handles.js'
import { cleanDestination } from './destination.js'

/** A row: the address of the word with the directory's fd, the path, the `open_how`. */
const WORD = 8
const ROW = 3 * WORD

/**
 * Do something with each of many paths that is there, opened as `dest`. A loop over a table, so that a path costs a row and
 * not a dozen operations; an error names the path by the loop's counter.
 *
 * @param open how: {@link beneathItsMount}, or {@link wherever}
 * @param body may go to the label `next`, with `dest` closed
 */
export const eachPath = (
  paths: readonly string[],
  body: readonly Instruction[],
  open: (paths: readonly string[]) => Instruction[] = beneathItsMount,
): Instruction[] =>
  paths.length === 0
    ? []
    : [
        compute('index', -1),
        label('next'),
        compute('index', ref('index'), 1, 1),
        branch(ref('index'), paths.length, { then: 'done' }),
        ...open(paths),
        ...body,
        goto('next'),
        label('done'),
      ]

const isAbsent = { ENOENT: 'next', ENOTDIR: 'next' } as const

/** Beneath the mount of the plan that holds it: a name that is swapped meanwhile leads nowhere else. */
const beneathItsMount = (paths: readonly string[]): Instruction[] => [
  compute('row', table(paths.map(row), { beneathMount: true }), ref('index'), ROW),
  load('place', ref('row')),
  load('directory', ref('place')),
  { ...load('path', ref('row'), WORD, 1), of: summary(paths) },
  load('how', ref('row'), 2 * WORD, 1),
  branch(ref('how'), 0, { then: 'the mount itself' }),
  call('openat2', [ref('directory'), ref('path'), ref('how'), OPEN_HOW_SIZE_VER0], {
    save: 'dest',
    onError: isAbsent,
    why: 'beneath the mount that holds it: its name may be another’s by now',
    hints: {
      ELOOP: 'it is, or lies behind, a symlink: give the path that it leads to',
      EXDEV: 'a symlink leads out of the mount that it lies in: give the path that it leads to',
    },
  }),
  goto('opened'),
  label('the mount itself'),
  call('fcntl', [ref('directory'), F_DUPFD_CLOEXEC, 0], { save: 'dest', why: 'it may be a file' }),
  label('opened'),
]

/** Wherever its name leads within `$root`, symlinks and all: what is done is done to what they lead to. */
export const wherever = (paths: readonly string[]): Instruction[] => [
  compute('row', table(paths.map((path) => [cleanDestination(path).slice(1)])), ref('index'), WORD),
  { ...load('path', ref('row')), of: summary(paths) },
  call('openat2', [ref(ROOT), ref('path'), struct('open_how', IN_ROOT), OPEN_HOW_SIZE_VER0], {
    save: 'dest',
    onError: isAbsent,
    why: 'within the container’s root, wherever symlinks lead',
  }),
]

const IN_ROOT = { flags: O_PATH | O_CLOEXEC, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS }

function row(path: string) {
  const { args } = openInRoot(cleanDestination(path).slice(1), 'dest', { beneathMount: true })
  const [, name, how] = args
  return [address(ROOT), name as string, how as StructValue]
}

/** For who reads the plan. */
function summary(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(', ')
  return paths.length > 3 ? `${shown}, … ${paths.length} in all` : shown
}
