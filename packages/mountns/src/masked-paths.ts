import { branch, call, fail, goto, type Instruction, label, ref, type Step } from '@rt/program'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  S_IFCHR,
  S_IFDIR,
} from '@rt/sys'
import { checkDestination, cleanDestination } from './destination.js'
import { newFilesystem } from './filesystem.js'
import { moveMount, openInRoot } from './handles.js'
import { refuse } from './refuse.js'
import { deviceIs, fileTypeIs, statFd } from './verify.js'

/** Docker's list (27): what tells about the host or can harm it, even from inside namespaces. */
export const DEFAULT_MASKED_PATHS: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]

const copy = (mount: string, save: string): Instruction =>
  call('open_tree', [ref(mount), '', AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], { save })

/**
 * Hide paths beneath `$root`: a file behind /dev/null, a directory behind an empty read-only tmpfs. What isn't there
 * needs no mask. Comes after all mounts.
 *
 * The null device is the host's, taken by an fd and looked at first: the image's could be anything, even a symlink to
 * /proc/sys/kernel/core_pattern (CVE-2025-31133).
 *
 * @throws RtError RT_INVALID_OPTION for paths that are not absolute
 */
export function maskedPaths(paths: readonly string[] = DEFAULT_MASKED_PATHS, origin = 'default'): Step {
  const name = 'masked paths'
  refuse(
    name,
    origin,
    paths.flatMap((path, index) => checkDestination(`maskedPaths[${index}]`, path)),
  )
  return {
    name,
    why: 'what tells about the host, or could harm it',
    origin,
    inside: [
      call('openat', [AT_FDCWD, '/dev/null', O_PATH | O_NOFOLLOW | O_CLOEXEC], { save: 'null', of: '/dev/null' }),
      statFd(ref('null')),
      fileTypeIs(S_IFCHR, { else: 'fake' }),
      deviceIs(1, 3, { then: 'genuine' }),
      label('fake'),
      fail(
        'expected the null device (1:3) at "/dev/null" of the host, got another file',
        'mknod -m 666 /dev/null c 1 3',
      ),
      label('genuine'),
      ...paths.flatMap(maskPath),
      call('close', [ref('null')]),
      // -1 if no directory was masked.
      call('close', [ref('empty')], { tolerate: ['EBADF'] }),
    ],
  }
}

function maskPath(path: string, index: number): Instruction[] {
  const [absent, isDirectory, put, attached] = [
    `absent${index}`,
    `directory${index}`,
    `put${index}`,
    `attached${index}`,
  ]
  return [
    openInRoot(cleanDestination(path).slice(1), 'dest', {
      of: path,
      onError: { ENOENT: absent, ENOTDIR: absent },
    }),
    statFd(ref('dest')),
    fileTypeIs(S_IFDIR, { then: isDirectory }),
    copy('null', 'mask'),
    goto(put),
    label(isDirectory),
    ...oneEmptyDirectory(put, attached),
    label(put),
    moveMount('mask', 'dest'),
    call('close', [ref('mask')]),
    label(attached),
    call('close', [ref('dest')]),
    label(absent),
  ]
}

/** The first masked directory gets the tmpfs itself; the others get copies of that mount, which an attached one allows. */
const oneEmptyDirectory = (put: string, attached: string): Instruction[] => [
  branch(ref('empty'), -1, { else: `${put} copy` }),
  ...newFilesystem({
    type: 'tmpfs',
    source: 'tmpfs',
    attributes: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
    save: 'empty',
  }),
  moveMount('empty', 'dest'),
  goto(attached),
  label(`${put} copy`),
  copy('empty', 'mask'),
]
