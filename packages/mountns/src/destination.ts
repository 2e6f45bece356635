import { posix } from 'node:path'
import { branch, call, compute, fail, goto, type Instruction, label, ROOT, ref, struct } from '@rt/program'
import {
  type Complaint,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  OPEN_HOW_SIZE_VER0,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  S_IFDIR,
  S_IFREG,
} from '@rt/sys'
import { fileTypeIs, statFd } from './verify.js'

export interface DestinationOptions {
  /** What is made if nothing is there: like the file whose fd is saved under `like`, a directory, or a file. */
  readonly make: 'directory' | 'file' | { readonly like: string }
  /**
   * `in-root`: symlinks lead where they lead for a process of the container, never out of its root. `refused`: the
   * destination must be what it is called: a fake /proc or /dev is an attack (CVE-2023-27561, CVE-2026-41579).
   */
  readonly symlinks: 'in-root' | 'refused'
}

/** Where `..` and a rename meet, openat2 gives up with EAGAIN. So often it is asked again. */
const TRIES = 128
const NAME_MAX = 255
const PATH_MAX = 4096
const DIRECTORY_MODE = 0o755
const FILE_MODE = 0o644
const UMASK = 0o022

/** An absolute path without `.`, `..`, and repeated or trailing slashes. `..` is taken literally, as Docker does. */
export const cleanDestination = (path: string): string =>
  path.startsWith('/') ? posix.normalize(path).replace(/(?<=.)\/$/, '') : path

export function checkDestination(path: string, destination: string): Complaint[] {
  const complain = (message: string): Complaint[] => [{ path, message }]
  if (!destination.startsWith('/')) return complain(`expected an absolute path, got ${JSON.stringify(destination)}`)
  if (destination.includes('\0')) return complain(`a NUL byte in ${JSON.stringify(destination)}`)
  if (cleanDestination(destination) === '/')
    return complain('expected a path below "/", got "/": the root is another step')
  if (Buffer.byteLength(destination) >= PATH_MAX) return complain(`the path is longer than ${PATH_MAX - 1} bytes`)
  if (destination.split('/').some((name) => Buffer.byteLength(name) > NAME_MAX)) {
    return complain(`a name in ${JSON.stringify(destination)} is longer than ${NAME_MAX} bytes`)
  }
  return []
}

/**
 * Open a destination beneath `$root` as `dest`, and make it if it isn't there.
 *
 * `main` is what runs usually: one openat2(2). `aside`, which must be the last instructions of the step, is where it
 * goes if something is missing, and comes back.
 */
export function openDestination(
  destination: string,
  options: DestinationOptions,
): { readonly main: Instruction[]; readonly aside: Instruction[] } {
  const path = cleanDestination(destination).slice(1)
  const isDirectory = options.make === 'directory'
  const main = [
    label('find'),
    call('openat2', [ref(ROOT), path, how(options, isDirectory), OPEN_HOW_SIZE_VER0], {
      save: 'dest',
      of: destination,
      onError: { ENOENT: 'missing', EAGAIN: 'again' },
      why: 'resolved by the kernel, as in the root',
      hints: openHints(destination),
    }),
    label('found'),
  ]
  const aside = [
    goto('done'),
    label('again'),
    compute('tries', ref('tries'), 1, 1),
    // A word begins as -1, so the first retry counts as 0.
    branch(ref('tries'), TRIES - 1, { else: 'find' }),
    fail(
      `${JSON.stringify(destination)} kept changing while it was looked up`,
      'something renames directories there all the time',
    ),
    label('missing'),
    call('umask', [UMASK], {
      save: 'umask',
      why: 'only if it is missing: it is made, with the same mode whoever starts it',
    }),
    ...makeMissing(path, destination, options),
    call('umask', [ref('umask')]),
    goto('found'),
    label('restore'),
    call('umask', [ref('umask')], { why: 'only if something was renamed meanwhile: from the beginning' }),
    goto('again'),
    label('done'),
  ]
  return { main, aside }
}

const how = ({ symlinks }: Pick<DestinationOptions, 'symlinks'>, isDirectory: boolean) =>
  struct('open_how', {
    flags: isDirectory ? O_PATH | O_DIRECTORY | O_CLOEXEC : O_PATH | O_CLOEXEC,
    resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (symlinks === 'refused' ? RESOLVE_NO_SYMLINKS : 0),
  })

/** A name in a directory whose fd is held, whatever it is. A symlink is not followed: it is what is found. */
const howName = (isDirectory: boolean) =>
  struct('open_how', {
    flags: O_PATH | O_NOFOLLOW | O_CLOEXEC | (isDirectory ? O_DIRECTORY : 0),
    resolve: RESOLVE_NO_SYMLINKS,
  })

const openHints = (destination: string) => ({
  ELOOP: `${JSON.stringify(destination)} is, or lies behind, a symlink in the root filesystem; it must be a real directory`,
  ENOTDIR: `something in ${JSON.stringify(destination)} is a file in the root filesystem, where a directory is needed`,
})

/**
 * Component by component: each is looked up from the root (so that symlinks lead as usual), and made in the directory
 * before it, whose fd is held (CVE-2024-45310: making a path by its string makes it on the host when a parent is
 * swapped for a symlink). At the end a symlink to nowhere is covered, not followed: image roots have them at
 * /etc/resolv.conf.
 */
function makeMissing(path: string, destination: string, options: DestinationOptions): Instruction[] {
  const names = path.split('/')
  const last = names.length - 1
  const at = (depth: number) => ref(depth < 0 ? ROOT : `dir${depth}`)
  const instructions: Instruction[] = []
  const hints = {
    EROFS: `the root filesystem is read-only and has no ${JSON.stringify(destination)}: make it there first`,
    EACCES: `the root filesystem has no ${JSON.stringify(destination)}, and it may not be made: make it there first`,
  }
  const make = (depth: number, kind: 'directory' | 'file') =>
    kind === 'directory'
      ? call('mkdirat', [at(depth - 1), names[depth] as string, DIRECTORY_MODE], { tolerate: ['EEXIST'], hints })
      : // mknod opens nothing, so a fifo or a device that is there already does no harm.
        call('mknodat', [at(depth - 1), names[depth] as string, S_IFREG | FILE_MODE, 0], {
          tolerate: ['EEXIST'],
          hints,
        })
  for (let depth = 0; depth < last; depth++) {
    const prefix = names.slice(0, depth + 1).join('/')
    const [missing, there] = [`missing${depth}`, `there${depth}`]
    const save = `dir${depth}`
    instructions.push(
      call('openat2', [ref(ROOT), prefix, how(options, true), OPEN_HOW_SIZE_VER0], {
        save,
        of: `/${prefix}`,
        onError: { ENOENT: missing, EAGAIN: 'restore' },
        hints: openHints(destination),
      }),
      goto(there),
      label(missing),
      make(depth, 'directory'),
      call('openat2', [at(depth - 1), names[depth] as string, howName(true), OPEN_HOW_SIZE_VER0], {
        save,
        of: `/${prefix}`,
      }),
      label(there),
      ...(depth > 0 ? [call('close', [at(depth - 1)])] : []),
    )
  }
  if (typeof options.make === 'string') instructions.push(make(last, options.make))
  else {
    instructions.push(
      statFd(ref(options.make.like)),
      fileTypeIs(S_IFDIR, { else: 'file' }),
      make(last, 'directory'),
      goto('made'),
      label('file'),
      make(last, 'file'),
      label('made'),
    )
  }
  instructions.push(
    call('openat2', [at(last - 1), names[last] as string, howName(options.make === 'directory'), OPEN_HOW_SIZE_VER0], {
      save: 'dest',
      of: destination,
    }),
  )
  if (last > 0) instructions.push(call('close', [at(last - 1)]))
  return instructions
}
