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
import { checkDestination } from '../destination/destination.js'
import { eachPath } from '../destination/each-path.js'
import { newFilesystem } from '../instructions/filesystem.js'
import { moveMount } from '../instructions/handles.js'
import { deviceIs, fileTypeIs, statFd } from '../instructions/verify.js'
import { setAttributes } from '../options/attributes.js'
import { refuse } from '../options/refuse.js'

/**
 * The list of moby's docker-v29.7.2 (daemon/pkg/oci/defaults.go), in its order: what tells about the host or can harm it,
 * even from inside namespaces. What moby adds for each processor, {@link readProcessorPaths} finds.
 */
export const DEFAULT_MASKED_PATHS: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
]

const copy = (mount: string, save: string): Instruction =>
  call('open_tree', [ref(mount), '', AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], { save })

/**
 * Hide paths: a file behind /dev/null, a directory behind an empty read-only tmpfs. Comes after all mounts.
 *
 * A path is looked up beneath the mount of the plan that holds it, not from `$root`, where a name may have changed since
 * that mount was attached. What isn't there needs no mask; anything else that goes wrong ends the set-up.
 *
 * The null device is the host's, taken by an fd and looked at first: the image's could be anything, even a symlink to
 * /proc/sys/kernel/core_pattern (CVE-2025-31133). Its mount is read-only: what a program writes still disappears, but
 * chmod, chown and utimes of the mask don't change the host's device.
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
    'init.mount': paths.length === 0 ? [] : maskAll(paths),
  }
}

export const maskAll = (paths: readonly string[]): Instruction[] => [
  call('openat', [AT_FDCWD, '/dev/null', O_PATH | O_NOFOLLOW | O_CLOEXEC], { save: 'device', of: '/dev/null' }),
  statFd(ref('device')),
  fileTypeIs(S_IFCHR, { else: 'fake' }),
  deviceIs(1, 3, { then: 'genuine' }),
  label('fake'),
  fail('expected the null device (1:3) at "/dev/null" of the host, got another file', 'mknod -m 666 /dev/null c 1 3'),
  label('genuine'),
  ...eachPath(paths, mask),
  call('close', [ref('device')]),
  // -1 if no directory was masked.
  call('close', [ref('empty')], { tolerate: ['EBADF'] }),
]

const mask: readonly Instruction[] = [
  statFd(ref('dest')),
  fileTypeIs(S_IFDIR, { then: 'directory' }),
  copy('device', 'mask'),
  setAttributes('mask', MOUNT_ATTR_RDONLY),
  label('put'),
  moveMount('mask', 'dest'),
  call('close', [ref('mask')]),
  label('masked'),
  call('close', [ref('dest')]),
  goto('next'),
  // The first masked directory gets the tmpfs itself; the others get copies of that mount, which before Linux 6.15 only
  // an attached one allows.
  label('directory'),
  branch(ref('empty'), -1, { then: 'first' }),
  copy('empty', 'mask'),
  goto('put'),
  label('first'),
  ...newFilesystem({
    type: 'tmpfs',
    source: 'tmpfs',
    attributes: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
    save: 'empty',
  }),
  moveMount('empty', 'dest'),
  goto('masked'),
]
