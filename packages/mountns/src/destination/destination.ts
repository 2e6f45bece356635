import { posix } from 'node:path'
import { branch, call, compute, fail, goto, type Instruction, label, ROOT, ref } from '@rt/program'
import { type Complaint, quote, S_IFDIR, S_IFREG, textBytes } from '@rt/sys'
import { openInRoot, openName, type Symlinks } from '../instructions/handles.js'
import { fileTypeIs, statFd } from '../instructions/verify.js'

export interface DestinationOptions {
  /** What is made if nothing is there: like the file whose fd is saved under `like`, a directory, or a file. */
  readonly make: 'directory' | 'file' | { readonly like: string }
  /**
   * `in-root`: symlinks lead where they lead for a process of the container, never out of its root. `refused`: the
   * destination must be what it is called: a fake /proc or /dev is an attack (CVE-2023-27561, CVE-2026-41579).
   */
  readonly symlinks: Symlinks
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
  if (!destination.startsWith('/')) return complain(`expected an absolute path, got ${quote(destination)}`)
  if (destination.includes('\0')) return complain(`a NUL byte in ${quote(destination)}`)
  if (cleanDestination(destination) === '/')
    return complain('expected a path below "/", got "/": the root is another step')
  if (textBytes(destination).length >= PATH_MAX) return complain(`the path is longer than ${PATH_MAX - 1} bytes`)
  if (destination.split('/').some((name) => textBytes(name).length > NAME_MAX)) {
    return complain(`a name in ${quote(destination)} is longer than ${NAME_MAX} bytes`)
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
  const main = [
    label('find'),
    openInRoot(path, 'dest', {
      directory: options.make === 'directory',
      symlinks: options.symlinks,
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
      `${quote(destination)} kept changing while it was looked up`,
      'something renames directories there all the time',
    ),
    label('missing'),
    call('umask', [UMASK], {
      save: 'umask',
      why: 'made with the same mode whoever starts it',
    }),
    ...makeMissing(path, destination, options),
    call('umask', [ref('umask')]),
    goto('found'),
    // The directory before stays open; the last step closes what is left.
    ...(path.includes('/')
      ? [
          label('restore'),
          call('umask', [ref('umask')], { why: 'something was renamed meanwhile: from the beginning' }),
          goto('again'),
        ]
      : []),
    label('done'),
  ]
  return { main, aside }
}

const openHints = (destination: string) => ({
  ELOOP: `${quote(destination)} is, or lies behind, a symlink in the root filesystem; it must be a real directory`,
  ENOTDIR: `something in ${quote(destination)} is a file in the root filesystem, where a directory is needed`,
})

/**
 * Component by component: each is looked up from the root (so that symlinks lead as usual), and made in the directory
 * before it, whose fd is held (CVE-2024-45310: making a path by its string makes it on the host when a parent is
 * swapped for a symlink). At the end a symlink to nowhere is covered by a file, not followed: image roots have them at
 * /etc/resolv.conf. A directory can't cover one, and to make what it leads to would be to look it up by its string.
 */
function makeMissing(path: string, destination: string, { make, symlinks }: DestinationOptions): Instruction[] {
  const names = path.split('/')
  const last = names.length - 1
  const parentOf = (depth: number): string => (depth === 0 ? ROOT : `dir${depth - 1}`)
  const makeName = (depth: number, kind: 'directory' | 'file'): Instruction =>
    makeOne(parentOf(depth), names[depth] as string, kind, destination)
  const closeParent = (depth: number): Instruction[] => (depth === 0 ? [] : [call('close', [ref(parentOf(depth))])])
  const instructions: Instruction[] = []
  for (let depth = 0; depth < last; depth++) {
    const prefix = names.slice(0, depth + 1).join('/')
    const [save, missing, there] = [`dir${depth}`, `missing${depth}`, `there${depth}`]
    instructions.push(
      openInRoot(prefix, save, {
        directory: true,
        symlinks,
        of: `/${prefix}`,
        onError: { ENOENT: missing, EAGAIN: 'restore' },
        hints: openHints(destination),
      }),
      goto(there),
      label(missing),
      makeName(depth, 'directory'),
      openName(parentOf(depth), names[depth] as string, save, {
        directory: true,
        of: `/${prefix}`,
        hints: madeHints(prefix),
      }),
      label(there),
      ...closeParent(depth),
    )
  }
  const makeLast = (kind: 'directory' | 'file'): Instruction[] => [
    makeName(last, kind),
    openName(parentOf(last), names[last] as string, 'dest', {
      directory: kind === 'directory',
      of: destination,
      hints: madeHints(path),
    }),
  ]
  return [
    ...instructions,
    ...(typeof make === 'string'
      ? makeLast(make)
      : [
          statFd(ref(make.like)),
          fileTypeIs(S_IFDIR, { else: 'file' }),
          ...makeLast('directory'),
          goto('made'),
          label('file'),
          ...makeLast('file'),
          label('made'),
        ]),
    ...closeParent(last),
  ]
}

/** mknod(2) makes the file and opens nothing: a fifo or a device that is there already does no harm. */
function makeOne(parent: string, name: string, kind: 'directory' | 'file', destination: string): Instruction {
  const hints = {
    EROFS: `the root filesystem is read-only and has no ${quote(destination)}: make it there first`,
    EACCES: `the root filesystem has no ${quote(destination)}, and it may not be made: make it there first`,
  }
  return kind === 'directory'
    ? call('mkdirat', [ref(parent), name, DIRECTORY_MODE], { tolerate: ['EEXIST'], hints })
    : call('mknodat', [ref(parent), name, S_IFREG | FILE_MODE, 0], { tolerate: ['EEXIST'], hints })
}

/** What couldn't be found, and couldn't be made because it is there. */
const madeHints = (path: string) => ({
  ENOTDIR: `${quote(`/${path}`)} is a symlink to nowhere in the root filesystem: make a directory of it`,
})
