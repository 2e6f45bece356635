import { call, ref, type Step } from '@rt/program'
import {
  type Complaint,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_WRONLY,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  textBytes,
} from '@rt/sys'
import { attach } from '../destination/attach.js'
import { checkDestination } from '../destination/destination.js'
import { newFilesystem } from '../instructions/filesystem.js'
import { enterScratchMountpoint, leaveScratchMountpoint } from '../instructions/scratch-mountpoint.js'
import { refuse } from '../options/refuse.js'
import { mountName } from './mount-entry.js'
import { checkProtectedDestination } from './protected-destination.js'

/** A file that exists only in the container: /etc/hosts, /etc/hostname, /etc/resolv.conf. */
export interface FileMount {
  /** Absolute path in the container; made if missing. A symlink to nowhere is covered. */
  readonly destination: string
  readonly content: string | Uint8Array
  /** Default 0o644. */
  readonly mode?: number
  readonly origin?: string
}

/** $ names are the plan's: the files share one tmpfs. */
const FILES = '$files'
const saved = (index: number) => `$file${index}`

/**
 * Files with the given content, mounted over what the image has there: nothing is written into the image or on the
 * host. Give all of a plan in one call.
 *
 * @returns no step for no file, else one that makes the files in a tmpfs and one for each that mounts it
 * @throws RtError RT_INVALID_OPTION with every complaint
 */
export function fileMounts(files: readonly FileMount[], origin = 'default'): Step[] {
  if (files.length === 0) return []
  refuse('files', origin, files.flatMap(check))
  return [makeFiles(files, origin), ...files.map(mountFile)]
}

const makeFiles = (files: readonly FileMount[], origin: string): Step => ({
  name: 'files',
  why: 'in memory: nothing is written into the image or on the host',
  origin,
  'init.mount': [
    ...newFilesystem({
      type: 'tmpfs',
      source: 'rt',
      parameters: [{ name: 'mode', value: '755' }],
      attributes: MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
      save: FILES,
    }),
    ...enterScratchMountpoint(FILES),
    call('umask', [0], { save: 'umask', why: 'modes as written' }),
    ...files.flatMap(({ destination, content, mode = 0o644 }, index) => {
      const bytes = typeof content === 'string' ? textBytes(content) : content
      return [
        call('openat', [ref(FILES), String(index), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode], {
          save: 'file',
          of: destination,
        }),
        ...(bytes.length ? [call('write', [ref('file'), bytes, bytes.length])] : []),
        call('close', [ref('file')]),
        call('open_tree', [ref(FILES), String(index), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], {
          save: saved(index),
          of: destination,
        }),
      ]
    }),
    call('umask', [ref('umask')]),
    ...leaveScratchMountpoint(FILES),
  ],
})

const mountFile = (file: FileMount, index: number): Step => ({
  name: mountName(file),
  why: 'a file with content of the container’s own',
  origin: file.origin ?? 'default',
  'init.mount': attach(saved(index), file.destination, { make: 'file', symlinks: 'in-root' }),
})

function check({ destination, mode = 0o644 }: FileMount, index: number): Complaint[] {
  const path = `files[${index}]`
  return [
    ...checkDestination(`${path}.destination`, destination),
    ...checkProtectedDestination(`${path}.destination`, { type: 'file', destination }, false),
    ...(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777
      ? []
      : [{ path: `${path}.mode`, message: `expected 0 … 0o7777, got ${mode}` }]),
  ]
}
