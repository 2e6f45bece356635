import { posix } from 'node:path'
import { call, type Instruction, ref, type Text } from '@rt/program'
import {
  AT_FDCWD,
  type Complaint,
  FSCONFIG_STRING_SIZE,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  OVL_MAX_STACK,
  textBytes,
} from '@rt/sys'
import { closeInSupervisor } from '../destination/attach.js'
import { newFilesystem } from '../instructions/filesystem.js'
import { enterScratchMountpoint, leaveScratchMountpoint } from '../instructions/scratch-mountpoint.js'
import { mapOwners } from './id-mapped.js'
import { overlayFilesystem } from './overlay-filesystem.js'

/** A layer that is no directory: an EROFS image whose files lie in another file, both mounted as they are (Linux 6.12). */
export interface ErofsLayer {
  /** Absolute path of the image; up to 255 bytes, as fsconfig(2) takes it. */
  readonly index: string
  /** Absolute path of the file that its files lie in. */
  readonly content: string
}

/** What an overlay consists of; Documentation/filesystems/overlayfs.rst. */
export interface OverlayLayers {
  /**
   * Directories of outside, absolute, the topmost first. At most 128, or 500 where the kernel takes layers one by one
   * (`lowerdir+`, Linux 6.8).
   */
  readonly lower: readonly (string | ErofsLayer)[]
  /**
   * Where changes go.
   *
   * - `tmpfs` (default): memory, gone with the container; `size` as in tmpfs(5).
   * - `none`: nowhere, the overlay is read-only. Takes at least two lower directories.
   * - two directories of outside on one mount, of a file system that is not itself an overlay; `workdir` empty and used
   *   for nothing else.
   */
  readonly upper?: 'tmpfs' | 'none' | { readonly upperdir: string; readonly workdir: string }
  readonly size?: string
  /**
   * Keep overlay's marks in user.* instead of trusted.* attributes: for a user namespace (Linux 5.11). On a tmpfs
   * before 6.6 there are none; then a directory that was removed can't be made again.
   */
  readonly userxattr?: boolean
  /** The layers' owners are mapped by the container's user namespace (Linux 5.19): root's files are its root's. */
  readonly idmap?: boolean
}

/**
 * What the names of the layers' mount points are made of, one byte each, so that 128 of them with colons between fit the
 * string that fsconfig(2) takes on every kernel. Letters first: mount tables show them.
 */
const NAMES: readonly number[] = [
  ...Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'),
  // From 0xa0: no control characters, no ASCII that overlay or mount tables give a meaning.
  ...Array.from({ length: 129 - 62 }, (_, index) => 0xa0 + index),
]
/** Layers that one string names; more are given one by one. */
const IN_ONE_STRING = FSCONFIG_STRING_SIZE / 2
const COLON = 0x3a

/** One byte as long as there are enough, then two. */
function nameBytes(index: number): number[] {
  if (index < NAMES.length) return [NAMES[index] as number]
  const more = index - NAMES.length
  return [NAMES[Math.floor(more / NAMES.length)] as number, NAMES[more % NAMES.length] as number]
}
const layerName = (index: number): Text => ({ text: Uint8Array.from(nameBytes(index)) })
const saved = (index: number) => `layer${index}`

const UPPER = 'upper'
const WORK = 'work'

export function checkOverlayLayers({ lower, upper = 'tmpfs' }: OverlayLayers): Complaint[] {
  const complaints: Complaint[] = []
  const checkPath = (path: string, directory: string) => {
    if (!directory.startsWith('/') || directory.includes('\0')) {
      complaints.push({ path, message: `expected an absolute path, got ${JSON.stringify(directory)}` })
    }
  }
  for (const [index, layer] of lower.entries()) {
    const paths = typeof layer === 'string' ? { '': layer } : { '.index': layer.index, '.content': layer.content }
    for (const [part, path] of Object.entries(paths)) checkPath(`lower[${index}]${part}`, path)
  }
  const least = upper === 'none' ? 2 : 1
  if (lower.length < least || lower.length > OVL_MAX_STACK) {
    const message = `expected ${least} to ${OVL_MAX_STACK} directories, got ${lower.length}`
    complaints.push({ path: 'lower', message })
  }
  if (typeof upper === 'object') {
    checkPath('upper.upperdir', upper.upperdir)
    checkPath('upper.workdir', upper.workdir)
    const { upperdir, workdir } = upper
    if (!relativeTo(upperdir, workdir).startsWith('..') || !relativeTo(workdir, upperdir).startsWith('..')) {
      complaints.push({ path: 'upper', message: 'expected two directories, neither within the other' })
    }
  }
  return complaints
}

/** The directories of outside, in the order in which they get names. */
const directoriesOf = ({ lower, upper = 'tmpfs' }: OverlayLayers): readonly (string | ErofsLayer)[] =>
  typeof upper === 'object' ? [...lower, commonParent(upper.upperdir, upper.workdir)] : lower

/** Overlay wants upperdir and workdir on one mount, so it is their parent that is attached. */
function commonParent(one: string, other: string): string {
  let parent = posix.dirname(posix.normalize(one))
  while (relativeTo(parent, other).startsWith('..')) parent = posix.dirname(parent)
  return parent
}

const relativeTo = (parent: string, path: string): string => posix.relative(parent, path)

/** The names of upperdir and workdir; overlay takes a backslash for an escape. */
function upperNames({ lower, upper = 'tmpfs' }: OverlayLayers): readonly [string | Text, string | Text] {
  if (typeof upper === 'string') return [UPPER, WORK]
  const { upperdir, workdir } = upper
  const parent = commonParent(upperdir, workdir)
  const name = (path: string): Text => ({
    text: Buffer.concat([
      Buffer.from(nameBytes(lower.length)),
      textBytes(`/${relativeTo(parent, path).replaceAll('\\', '\\\\')}`),
    ]),
  })
  return [name(upperdir), name(workdir)]
}

/** Open every layer of outside as a detached mount. */
export const openLayers = (layers: OverlayLayers): Instruction[] =>
  directoriesOf(layers).flatMap((layer, index) =>
    typeof layer === 'string' ? [openDirectory(layer, saved(index))] : mountLayer(layer, saved(index)),
  )

const openDirectory = (directory: string, save: string): Instruction =>
  call('open_tree', [AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], {
    save,
    of: directory,
    hints: {
      ENOENT: `the layer ${JSON.stringify(directory)} does not exist on the host`,
      EINVAL: 'in a user namespace a directory with mounts below it cannot be a layer: see hostTree()',
    },
  })

const mountLayer = ({ index, content }: ErofsLayer, save: string): Instruction[] =>
  newFilesystem({
    type: 'erofs',
    source: index,
    parameters: [{ name: 'device', value: content }, { name: 'ro' }],
    attributes: MOUNT_ATTR_RDONLY,
    save,
  })

/** What the supervisor does with its copies. */
export const handOverLayers = (layers: OverlayLayers): Instruction[] => {
  const names = directoriesOf(layers).map((_, index) => saved(index))
  return [...(layers.idmap ? mapOwners(names, false) : []), ...names.map(closeInSupervisor)]
}

/**
 * Put the layers together as a detached overlay mount, saved under `save`.
 *
 * The layers are attached under short names in a tmpfs, and overlay is told the names: paths of any length and with
 * commas, colons and backslashes work, and the container's mount table tells nothing of the host's directories.
 */
export function makeOverlay(layers: OverlayLayers, save: string): Instruction[] {
  const { lower, upper = 'tmpfs', size, userxattr } = layers
  const inTmpfs = upper === 'tmpfs'
  const [upperdir, workdir] = upperNames(layers)
  return [
    ...newFilesystem({
      type: 'tmpfs',
      source: 'rt',
      parameters: [{ name: 'mode', value: '755' }, ...(size === undefined ? [] : [{ name: 'size', value: size }])],
      save: 'stage',
    }),
    ...enterScratchMountpoint('stage'),
    call('umask', [0o022], {
      save: 'umask',
      why: 'the root directory of the container has the mode of its upper directory',
    }),
    ...(inTmpfs ? [call('mkdirat', [AT_FDCWD, UPPER, 0o755]), call('mkdirat', [AT_FDCWD, WORK, 0o755])] : []),
    ...directoriesOf(layers).flatMap((_, index) => [
      call('mkdirat', [AT_FDCWD, layerName(index), 0o755]),
      call('move_mount', [ref(saved(index)), '', AT_FDCWD, layerName(index), MOVE_MOUNT_F_EMPTY_PATH]),
      call('close', [ref(saved(index))]),
    ]),
    call('umask', [ref('umask')]),
    ...overlayFilesystem({
      lower: lowerNames(lower.length),
      upper: upper === 'none' ? undefined : { upperdir, workdir },
      userxattr,
      save,
    }),
    ...leaveScratchMountpoint('stage'),
  ]
}

function lowerNames(count: number): Text | Text[] {
  const names = Array.from({ length: count }, (_, index) => nameBytes(index))
  if (count > IN_ONE_STRING) return names.map((bytes) => ({ text: Uint8Array.from(bytes) }))
  return { text: Uint8Array.from(names.flatMap((bytes, index) => (index ? [COLON, ...bytes] : bytes))) }
}
