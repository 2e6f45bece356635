import { inStep, O_DIRECTORY, O_RDONLY, RtError, syscall } from '@rt/sys'
import { MergedView } from '../layers/merged-view.js'
import type { ByteString } from '../tar/byte-string.js'
import { describePosition } from '../tar/damage.js'
import type { TarEntry, TarHandler } from '../tar/entry.js'
import { ArchiveMeter } from './archive-meter.js'
import { attempt, nul, open, requireStatus, type Status, statusOf } from './calls.js'
import { metadataOf } from './copy-up.js'
import { Creator, type Place } from './creator.js'
import { PendingDirectories } from './directories.js'
import { type EntryPath, splitPath } from './entry-path.js'
import { HardLinks } from './hard-links.js'
import { checkLimit, type Limits } from './limits.js'
import { type Metadata, MetadataWriter } from './metadata.js'
import { markOpaque, type OverlayNamespace } from './overlay-marks.js'
import { type ImpliedDirectory, TargetTree } from './target.js'
import { Warnings } from './warnings.js'
import {
  AppliedWhiteouts,
  applyWhiteout,
  isAufsMetadata,
  noWhiteouts,
  OverlayWhiteouts,
  type Whiteouts,
} from './whiteouts.js'
import { writeAll } from './write.js'

/** Directories have this mode while they are filled. */
const FILLING = 0o700

/** A layer that is kept by itself, for overlay to put on others. */
export interface OverlayForm {
  readonly namespace: OverlayNamespace
  /** fds of the roots of the layers below, topmost first, open for reading. */
  readonly lower: readonly number[]
}

export interface ExtractorOptions {
  /** fd of the target's root: empty, open for reading, and nobody else's to write to. */
  readonly root: number
  readonly limits: Limits
  /** Whether files get the archive's owners; else they are the caller's. */
  readonly keepOwners: boolean
  /** Without it, archives are applied on top of each other and the result is a plain directory. */
  readonly overlay?: OverlayForm | undefined
}

/** What came of it. */
export interface Extracted {
  /** Members, and bytes of content, of all archives. */
  readonly entries: number
  readonly bytes: number
  /** What could not be restored, for people. */
  readonly warnings: readonly string[]
  /** The layer hides everything below it. */
  readonly opaqueRoot: boolean
}

const DEVICES_LEFT_OUT = 'device nodes were left out: this user may not make them'
const WHITEOUT_LEFT_OUT = 'character device 0:0 was left out: to overlay it means that there is no such file'

/**
 * Puts the members of archives into a directory. It is the handler of a {@link TarReader} and works synchronously: in a
 * thread of its own, whose umask must be 0.
 *
 * Any failure is final: the target is incomplete then and must be removed.
 */
export class Extractor implements TarHandler {
  readonly #options: ExtractorOptions
  readonly #warnings = new Warnings()
  readonly #writer: MetadataWriter
  readonly #tree: TargetTree
  readonly #creator: Creator
  readonly #hardLinks: HardLinks
  readonly #directories = new PendingDirectories()
  #whiteouts: Whiteouts
  readonly #meter: ArchiveMeter
  #archives = 0
  /** The file under way. */
  #entry: TarEntry | undefined
  #fd = -1
  #made = 0

  constructor(options: ExtractorOptions) {
    this.#options = options
    this.#meter = new ArchiveMeter(options.limits)
    this.#writer = new MetadataWriter(options.keepOwners, this.#warnings)
    const { overlay } = options
    const stacked = overlay !== undefined && overlay.lower.length > 0
    const view = new MergedView([options.root, ...(overlay?.lower ?? [])], overlay?.namespace ?? 'trusted.overlay.')
    this.#tree = new TargetTree(options.root, view, stacked, (directory) => this.#implied(directory))
    this.#creator = new Creator(this.#tree)
    this.#hardLinks = new HardLinks(this.#creator, this.#writer, (entry, path) => this.#create(entry, path))
    this.#whiteouts = stacked ? new OverlayWhiteouts(this.#tree, overlay.namespace) : noWhiteouts
    // From the directory above it may have got set-group-id, which gives every file its group, and a default access
    // control list, which changes the mode of everything that is made.
    for (const list of ['default', 'access']) attempt('fremovexattr', options.root, nul(`system.posix_acl_${list}`))
    const before = requireStatus(options.root)
    if (before.gid !== this.#writer.gid) syscall('fchown', options.root, before.uid, this.#writer.gid)
    syscall('fchmod', options.root, FILLING)
    this.#impliedMetadata('', before, stacked ? metadataOf(overlay.lower[0]!) : undefined)
  }

  /** Must be called before each archive's first entry. */
  beginArchive(): void {
    this.#meter.beginArchive()
    if (++this.#archives > 1 && !this.#options.overlay) this.#whiteouts = new AppliedWhiteouts(this.#tree)
  }

  /** To be called once, after all archives: restores the directories. @throws SyscallError */
  finish(): Extracted {
    this.#tree.forget()
    this.#directories.apply(this.#options.root, this.#writer, FILLING)
    const opaqueRoot = this.#whiteouts instanceof OverlayWhiteouts && this.#whiteouts.opaqueRoot
    const { entries, bytes } = this.#meter
    return { entries, bytes, warnings: this.#warnings.list(), opaqueRoot }
  }

  /** To be called in any case: closes what is open. */
  close(): void {
    this.#tree.forget()
    if (this.#fd >= 0) syscall('close', this.#fd)
    this.#fd = -1
  }

  entry(entry: TarEntry): void {
    this.#entry = entry
    this.#guard(() => {
      this.#meter.count(entry)
      this.#take(entry)
    })
  }

  data(bytes: Uint8Array, position: number): void {
    if (this.#fd < 0) return // of a whiteout, which has none by rights
    const sparse = this.#entry?.sparse !== undefined
    this.#guard(() => writeAll(this.#fd, bytes, sparse ? position : undefined))
  }

  end(): void {
    const entry = this.#entry
    if (this.#fd < 0 || !entry) return
    this.#guard(() => {
      if (entry.sparse) syscall('ftruncate', this.#fd, entry.size)
      this.#writer.apply(this.#fd, entry, this.#made, entry.path)
      const fd = this.#fd
      this.#fd = -1
      syscall('close', fd)
    })
  }

  /** Says which entry it was. */
  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      throw inStep(error, describePosition(this.#entry!))
    }
  }

  #take(entry: TarEntry): void {
    for (const keyword of entry.notRestored) this.#warnings.add(`${keyword} is not restored`, entry.path)
    const path = splitPath(entry.path)
    checkLimit(this.#options.limits, 'depth', path.depth, 'the path is too deep')
    if (path.depth === 0) {
      // A link here would move everything that follows to where it points (CVE-2021-29136).
      if (entry.type !== 'directory')
        throw new RtError('RT_UNSAFE', `the root must be a directory, got a ${entry.type}`)
      this.#directories.add('', requireStatus(this.#options.root).inode, entry)
    } else if (isAufsMetadata(path.parent, path.base)) this.#warnings.add('metadata of AUFS was left out', entry.path)
    else if (!applyWhiteout(this.#whiteouts, path.parent, path.base)) this.#create(entry, path)
  }

  #create(entry: TarEntry, path: EntryPath): void {
    switch (entry.type) {
      case 'file':
        this.#made = entry.sparse ? 0o600 : this.#writer.creationMode(entry)
        this.#fd = this.#creator.file(path, this.#made)
        break
      case 'directory':
        this.#directory(entry, path)
        break
      case 'symlink':
        this.#finishPlace(entry, this.#creator.symlink(path, entry.linkPath), undefined)
        break
      case 'hardlink':
        this.#hardLinks.add(entry, path)
        break
      default: {
        if (entry.type === 'character' && entry.major === 0 && entry.minor === 0) {
          this.#warnings.add(WHITEOUT_LEFT_OUT, entry.path)
          return
        }
        const made = this.#writer.creationMode(entry)
        const place = this.#creator.node(path, entry, made)
        if (!place) {
          this.#warnings.add(DEVICES_LEFT_OUT, entry.path)
          return
        }
        this.#finishPlace(entry, place, made)
      }
    }
    this.#whiteouts.made(this.#tree.directory(path.parent), path.base, entry.type)
    if (entry.type === 'directory' || entry.type === 'symlink') this.#tree.forgetAliases()
  }

  /** @param made the mode it was made with; undefined: it is a symlink, which has none */
  #finishPlace(entry: TarEntry, { parent, name }: Place, made: number | undefined): void {
    this.#writer.applyAt(parent, name, entry, made, entry.path)
  }

  #directory(entry: TarEntry, path: EntryPath): void {
    const { inode, hides } = this.#creator.directory(path, FILLING)
    const parent = this.#tree.canonical(path.parent)
    this.#directories.add(parent === '' ? path.base : `${parent}/${path.base}`, inode, entry)
    if (hides) this.#markOpaque(this.#tree.directory(path.parent), nul(path.base))
  }

  /** A directory that the archive has entries in, but none for itself. */
  #implied({ path, parent, name, lower, hides }: ImpliedDirectory): void {
    this.#impliedMetadata(path, statusOf(parent, name) as Status, lower)
    if (hides) this.#markOpaque(parent, name)
    this.#whiteouts.implied(parent, Buffer.from(name).toString('latin1', 0, name.length - 1))
  }

  /** As the layer below has it, else as mkdir -p would by default. */
  #impliedMetadata(path: ByteString, made: Status, lower: Metadata | undefined): void {
    const ours = { uid: this.#writer.uid, gid: this.#writer.gid }
    const metadata = lower ?? { mode: 0o755, ...ours, xattrs: undefined, mtime: undefined, atime: undefined }
    this.#directories.add(path, made.inode, metadata)
  }

  #markOpaque(parent: number, name: Uint8Array): void {
    const { overlay } = this.#options
    if (!overlay) return
    const fd = open(parent, name, O_RDONLY | O_DIRECTORY)
    try {
      markOpaque(fd, overlay.namespace)
    } finally {
      syscall('close', fd)
    }
  }
}
