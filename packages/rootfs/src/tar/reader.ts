import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { toByteString } from './byte-string.js'
import { archiveError, type TarPosition } from './damage.js'
import type { TarEntry, TarHandler } from './entry.js'
import { BLOCK, decodeHeader, isZeroBlock, type TarHeader } from './header.js'
import { type Member, mergeMember, type PendingHeaders } from './member.js'
import { FieldError } from './number-field.js'
import { applyPaxRecords, type PaxAttributes } from './pax-attributes.js'
import { parsePaxRecords } from './pax-records.js'
import { readSparseTable, type SparseMap, type SparseMapText, sparseTableGoesOn } from './sparse.js'
import { startSparse } from './sparse-member.js'

export interface TarReaderOptions {
  /**
   * Whether an archive must end with a zero block, as POSIX has it. `'optional'` is for layers: their digest already
   * proves that nothing is missing, and some builders leave the mark out, or write nothing at all for a layer without
   * files. Default: `'required'`.
   */
  readonly endMark?: 'required' | 'optional'
  /** Bytes of one extended header or long name. Default: 1 MiB. */
  readonly maxHeaderBytes?: number
}

const OPTIONS: OptionKeys<TarReaderOptions> = { endMark: true, maxHeaderBytes: true }

/** What the next byte belongs to. */
type State = 'header' | 'extended' | 'sparse table' | 'sparse text' | 'data' | 'end'

const noPending = (isPax: boolean): PendingHeaders => ({
  offset: -1,
  pax: undefined,
  longName: undefined,
  longLink: undefined,
  isPax,
})

/**
 * Reads a tar archive from chunks of any size and calls the handler; it knows no files and keeps no more than one
 * header in memory. Formats: V7, ustar, pax, GNU (long names, old sparse, base-256), star's prefix; sparse files in
 * GNU's four formats.
 *
 * Whatever is damaged, contradicts itself, or is read differently by different tools stops it with RtError RT_ARCHIVE.
 */
export class TarReader {
  readonly #handler: TarHandler
  readonly #endMarkRequired: boolean
  readonly #maxHeaderBytes: number
  #state: State = 'header'
  /** Bytes taken so far. */
  #offset = 0
  /** Where the block that was looked at last began: what is wrong is there. */
  #blockOffset = 0
  #entries = 0
  /** A block that came in pieces, and how much of it is there. */
  readonly #block = Buffer.alloc(BLOCK)
  #filled = 0
  #zeroBlocks = 0
  #pending = noPending(false)
  readonly #global: PaxAttributes = { notRestored: [] }
  /** The payload of an extended header, and its type. */
  #payload: Buffer | undefined
  #payloadType = ''
  #payloadSize = 0
  #member: Member | undefined
  #map: SparseMap | undefined
  #mapText: SparseMapText | undefined
  /** Bytes of payload or content still to come, and of padding after them. */
  #remaining = 0
  #padding = 0
  #wholePadding = 0
  /** Where the next content byte goes, and in which run of a sparse file. */
  #position = 0
  #extent = 0

  constructor(handler: TarHandler, options: TarReaderOptions = {}) {
    refuseUnknownOptions('TarReader', options, OPTIONS)
    this.#handler = handler
    this.#endMarkRequired = (options.endMark ?? 'required') === 'required'
    this.#maxHeaderBytes = options.maxHeaderBytes ?? 1 << 20
  }

  /** How many members were begun. */
  get entries(): number {
    return this.#entries
  }

  /** The member under way, and the header of it that was read last, for messages. */
  get position(): TarPosition {
    const started = this.#member !== undefined
    return { index: this.#entries + (started ? 0 : 1), offset: this.#blockOffset, path: this.#member?.path }
  }

  /**
   * Takes the next part of the archive.
   *
   * @throws RtError RT_ARCHIVE; and whatever the handler throws. After that the reader is of no more use.
   */
  write(chunk: Uint8Array): void {
    let at = 0
    try {
      while (at < chunk.length) {
        const taken = this.#take(chunk, at)
        at += taken
        this.#offset += taken
      }
    } catch (error) {
      throw this.#located(error)
    }
  }

  /** @throws RtError RT_ARCHIVE if the archive is not complete */
  end(): void {
    if (this.#zeroBlocks > 0 && isZeroBlock(this.#block, 0, this.#filled)) return
    const atBoundary = this.#state === 'header' && this.#filled === 0 && this.#padding === 0 && this.#pending.offset < 0
    // A last file that isn't filled up to a block: umoci's insert writes such layers, and Go's reader takes them.
    const isUnpadded = this.#state === 'header' && this.#entries > 0 && this.#padding === this.#wholePadding
    const endsWithContent = this.#filled === 0 && this.#pending.offset < 0 && isUnpadded
    if ((atBoundary || endsWithContent) && !this.#endMarkRequired) return
    if (this.#offset === 0) throw new RtError('RT_ARCHIVE', 'the archive is empty: not even an end mark')
    const missing = this.#remaining > 0 ? `, ${this.#remaining} bytes of the entry are missing` : ''
    const between = this.#state === 'header' && this.#filled === 0
    const position = between ? { ...this.position, offset: this.#offset + this.#padding } : this.position
    throw archiveError(position, `the archive is truncated: it ends at byte ${this.#offset}${missing}`, {
      hint: atBoundary ? 'it has no end mark (a block of zeros): was it copied whole?' : undefined,
    })
  }

  /** @returns how many bytes were taken, at least one */
  #take(chunk: Uint8Array, at: number): number {
    const available = chunk.length - at
    if (this.#state === 'data' && this.#remaining > 0) return this.#content(chunk, at, available)
    if (this.#state === 'extended' && this.#remaining > 0) {
      const length = Math.min(available, this.#remaining)
      this.#payload?.set(chunk.subarray(at, at + length), this.#payload.length - this.#remaining)
      this.#remaining -= length
      if (this.#remaining === 0) this.#finishPayload()
      return length
    }
    if (this.#padding > 0 && this.#state === 'header') {
      const length = Math.min(available, this.#padding)
      this.#padding -= length
      return length
    }
    // Two blocks of zeros are the end. What follows is undefined (POSIX), and GNU tar, for one, fills its last record with
    // whatever its buffer held.
    if (this.#state === 'end') return available
    if (this.#filled === 0) this.#blockOffset = this.#offset
    if (this.#filled === 0 && available >= BLOCK) {
      this.#takeBlock(chunk, at)
      return BLOCK
    }
    const length = Math.min(available, BLOCK - this.#filled)
    this.#block.set(chunk.subarray(at, at + length), this.#filled)
    this.#filled += length
    if (this.#filled === BLOCK) {
      this.#filled = 0
      this.#takeBlock(this.#block, 0)
    }
    return length
  }

  /** A bad field's error, with where in the archive it is. */
  #located(error: unknown): unknown {
    if (!(error instanceof FieldError)) return error
    if (this.#blockOffset === 0 && error.message.startsWith('bad header checksum')) {
      return new RtError('RT_ARCHIVE', 'this is not a tar archive: its first 512 bytes are no header', { cause: error })
    }
    return archiveError(this.position, error.message, { cause: error })
  }

  #takeBlock(block: Uint8Array, at: number): void {
    if (this.#state === 'sparse table') {
      const full = readSparseTable(this.#map!, block, at, 21)
      if (!sparseTableGoesOn(full, block[at + 504]!)) this.#begin()
    } else if (this.#state === 'sparse text') {
      this.#remaining -= BLOCK
      if (this.#remaining < 0) throw new FieldError('bad sparse map: longer than the entry')
      if (this.#mapText!.read(block, at, BLOCK)) this.#begin()
    } else this.#takeHeader(block, at)
  }

  #takeHeader(block: Uint8Array, at: number): void {
    if (isZeroBlock(block, at)) {
      if (this.#pending.offset >= 0) throw new FieldError('an extended header is followed by no entry')
      if (++this.#zeroBlocks === 2) this.#state = 'end'
      return
    }
    // Most readers stop at the first, Go refuses.
    if (this.#zeroBlocks > 0) throw new FieldError('there is something after a block of zeros, which ends the archive')
    const header = decodeHeader(block, at)
    if (header.type === 'g' || header.type === 'V') {
      // Some readers give the headers before it to it, others to the next member.
      if (this.#pending.offset >= 0)
        throw new FieldError(
          `an extended header is followed by no entry but a ${header.type === 'g' ? 'global header' : 'volume label'}`,
        )
    } else if (this.#pending.offset < 0) this.#pending.offset = this.#blockOffset
    if ('xgLK'.includes(header.type)) this.#startPayload(header)
    else if (header.type !== 'V') this.#startMember(header, block, at)
    // GNU's volume label: a header alone, whose name is the label.
    else if (header.size !== 0) throw new FieldError(`bad size: ${header.size} bytes of content in a volume label`)
  }

  /**
   * An extended header or long name. Its length is that of its own header, whatever an extended header before it says
   * about sizes: that is for the member (GHSA-vmf3-w455-68vh).
   */
  #startPayload({ type, size }: TarHeader): void {
    if (type === 'x' && this.#pending.pax) throw new FieldError('two headers of type "x" for one entry')
    if (size < 0) throw new FieldError(`bad size: ${size}`)
    if (size > this.#maxHeaderBytes) {
      throw new FieldError(`an extended header of ${size} bytes: more than ${this.#maxHeaderBytes}`)
    }
    // Its padding is taken with it, since it may say something for other readers.
    this.#payload = Buffer.alloc(size + padding(size))
    this.#payloadType = type
    this.#payloadSize = size
    this.#remaining = this.#payload.length
    this.#state = 'extended'
    if (size === 0) this.#finishPayload()
  }

  #finishPayload(): void {
    const whole = this.#payload!
    const payload = whole.subarray(0, this.#payloadSize)
    this.#payload = undefined
    this.#state = 'header'
    if ('xg'.includes(this.#payloadType)) this.#pending.isPax = true
    if (this.#payloadType === 'g') {
      applyPaxRecords(this.#global, parsePaxRecords(payload), true)
    } else if (this.#payloadType === 'x') {
      this.#pending.pax = { notRestored: [] }
      applyPaxRecords(this.#pending.pax, parsePaxRecords(payload), false)
    } else {
      // GNU tar and Python read on to the first NUL, be it in the padding.
      if (!payload.includes(0) && whole.length > payload.length && whole[payload.length] !== 0) {
        throw new FieldError('a long name that goes on after its end')
      }
      const end = payload.indexOf(0)
      const name = toByteString(payload, 0, end < 0 ? payload.length : end)
      if (name === '') throw new FieldError('a long name that is empty')
      if (end >= 0 && !isZeroBlock(payload, end, payload.length - end)) {
        throw new FieldError('a long name that holds a NUL')
      }
      const which = this.#payloadType === 'L' ? 'longName' : 'longLink'
      // Python takes the first, all others the last.
      if ((this.#pending[which] ?? name) !== name) {
        throw new FieldError(`two headers of type "${this.#payloadType}" for one entry, which differ`)
      }
      this.#pending[which] = name
    }
  }

  #startMember(header: TarHeader, block: Uint8Array, at: number): void {
    const member = mergeMember(header, this.#pending, this.#global)
    this.#entries++
    this.#member = member
    this.#remaining = member.dataSize
    this.#padding = padding(member.dataSize)
    this.#wholePadding = this.#padding
    const sparse = startSparse(header, member, this.#pending.pax?.sparse, block, at)
    this.#map = sparse?.map
    if (!sparse || sparse.rest === 'none') this.#begin()
    else if (sparse.rest === 'table') this.#state = 'sparse table'
    else {
      this.#mapText = sparse.rest
      this.#state = 'sparse text'
    }
  }

  /** All headers of the member are read: hand it over. */
  #begin(): void {
    const member = this.#member!
    const map = this.#map
    map?.finish(this.#remaining)
    const { pax } = this.#pending
    const entry: TarEntry = {
      index: this.#entries,
      offset: this.#pending.offset,
      dataOffset: this.#blockOffset + BLOCK,
      type: member.type,
      path: member.path,
      linkPath: member.linkPath,
      mode: member.mode,
      uid: member.uid,
      gid: member.gid,
      size: map ? map.realSize : member.dataSize,
      mtime: member.mtime,
      atime: member.atime,
      major: member.major,
      minor: member.minor,
      xattrs: mergeXattrs(this.#global, pax),
      sparse: map?.extents,
      notRestored: pax?.notRestored ?? [],
    }
    this.#state = 'data'
    this.#extent = 0
    this.#position = entry.sparse?.[0]?.offset ?? 0
    this.#handler.entry(entry)
    if (this.#remaining === 0) this.#finishMember()
  }

  #content(chunk: Uint8Array, at: number, available: number): number {
    let length = Math.min(available, this.#remaining)
    const extents = this.#map?.extents
    if (extents) {
      const { offset, length: run } = extents[this.#extent]!
      length = Math.min(length, offset + run - this.#position)
    }
    this.#handler.data(chunk.subarray(at, at + length), this.#position)
    this.#remaining -= length
    this.#position += length
    if (extents) {
      const current = extents[this.#extent]!
      if (this.#position === current.offset + current.length) {
        const next = extents[++this.#extent]
        if (next) this.#position = next.offset
      }
    }
    if (this.#remaining === 0) this.#finishMember()
    return length
  }

  #finishMember(): void {
    this.#handler.end()
    this.#member = undefined
    this.#map = undefined
    this.#mapText = undefined
    this.#pending = noPending(this.#pending.isPax)
    this.#state = 'header'
  }
}

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK

function mergeXattrs(global: PaxAttributes, pax: PaxAttributes | undefined): TarEntry['xattrs'] {
  if (!global.xattrs) return pax?.xattrs
  return new Map([...global.xattrs, ...(pax?.xattrs ?? [])])
}
