import { posix } from 'node:path'
import { type Call, call, goto, type Instruction, label, ROOT, ref, type Step, struct } from '@rt/program'
import {
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  OPEN_HOW_SIZE_VER0,
  type OptionKeys,
  quote,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  refuseUnknownOptions,
} from '@rt/sys'
import { asked, refuse } from '../complaints.js'
import { checkWorkingDirectory } from './check-cwd.js'
import { BUSY, retryOnEagain } from './retry-on-eagain.js'

export interface WorkingDirectoryOptions {
  readonly origin?: string
  /** Make what is missing of it, mode 0755 and owned by root, as Docker; default true. */
  readonly make?: boolean
}

const OPTIONS: OptionKeys<WorkingDirectoryOptions> = { origin: true, make: true }

/**
 * Stand in a directory of the container. Comes after the root was changed and before `user`: the user may be one who
 * can't make directories there.
 *
 * Every component is resolved by the kernel beneath `$root` and made with mkdirat in its resolved parent, so neither a
 * symlink (CVE-2026-55686) nor a link of /proc to an fd of this process (CVE-2024-21626) leads out.
 *
 * @param directory absolute; ".." is resolved as text, as Docker does
 * @throws RtError RT_INVALID_OPTION if it is not absolute
 */
export function workingDirectory(directory: string, options: WorkingDirectoryOptions = {}): Step {
  refuseUnknownOptions('workingDirectory', options, OPTIONS)
  const { origin, make = true } = options
  const message = `${quote(directory)} is not an absolute path`
  refuse(
    'cannot use this working directory',
    directory.startsWith('/') ? [] : [{ path: origin ?? 'workingDirectory', message }],
  )
  const names = posix.normalize(directory).split('/').filter(Boolean)
  return {
    name: 'working directory',
    why: 'where the program starts',
    ...asked(origin),
    'init.pivot': [
      ...retryOnEagain(make ? openOrMake(names) : [open(names, {})]),
      call('fchdir', [ref('directory')]),
      ...checkWorkingDirectory('beneath'),
      call('close', [ref('directory')]),
    ],
  }
}

const how = struct('open_how', {
  flags: O_PATH | O_DIRECTORY | O_CLOEXEC,
  resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
})

/** Open the directory that these names lead to from the root. */
const open = (names: readonly string[], options: Partial<Call>): Instruction =>
  call('openat2', [ref(ROOT), `/${names.join('/')}`, how, OPEN_HOW_SIZE_VER0], {
    save: 'directory',
    of: `/${names.join('/')}`,
    ...options,
    onError: { EAGAIN: BUSY, ...options.onError },
    hints: {
      ENOTDIR: 'a part of the path is there and is no directory',
      ELOOP: 'the path goes through a link of /proc, or through symlinks in a circle',
      ENOENT: 'it does not exist in the root, or a symlink on the way leads nowhere',
    },
  })

function openOrMake(names: readonly string[]): Instruction[] {
  return [
    open(names, { onError: { ENOENT: 'missing' } }),
    goto('opened'),
    label('missing'),
    call('umask', [0], { save: 'umask' }),
    ...names.flatMap((name, i) => [
      call('mkdirat', [ref(i === 0 ? ROOT : 'directory'), name, 0o755], {
        tolerate: ['EEXIST'],
        hints: { EROFS: 'the root is read-only: the directory has to be there already' },
      }),
      open(names.slice(0, i + 1), { onError: { EAGAIN: 'restore' } }),
    ]),
    call('umask', [ref('umask')]),
    goto('opened'),
    label('restore'),
    // The next try would save the 0 of this one, and the program would start with it.
    call('umask', [ref('umask')], { why: 'something was renamed meanwhile: from the beginning' }),
    goto(BUSY),
    label('opened'),
  ]
}
