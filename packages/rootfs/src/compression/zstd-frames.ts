/** Why a frame can't be read though it is whole. */
export class ZstdFrameError extends Error {
  constructor(
    message: string,
    /** What to do about it. */
    readonly hint: string,
  ) {
    super(message)
  }
}

/** The reference decoder takes no larger window unless it is told to (ZSTD_WINDOWLOG_LIMIT_DEFAULT); nor do browsers. */
const LARGEST_WINDOW = 2 ** 27

const MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50

const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const

/** What the bytes that are gathered are. */
type Part = 'magic' | 'skippable size' | 'descriptor' | 'frame header' | 'block header' | 'unknown'

/** Little-endian, up to 8 bytes; beyond 2^53 not exact, which says enough. */
const littleEndian = (bytes: Uint8Array): number => bytes.reduceRight((value, byte) => value * 256 + byte, 0)

/**
 * Goes from frame to frame of a zstd file (RFC 8878, 3.1) beside the decoder, which doesn't say why it fails: a window
 * or a dictionary that it hasn't would look like damage. Compressed blocks are skipped; damage is left to the decoder.
 */
export class ZstdFrames {
  #part: Part = 'magic'
  readonly #bytes = new Uint8Array(14)
  #wanted = 4
  #filled = 0
  #skip = 0
  #descriptor = 0

  /**
   * Takes the next bytes of the file.
   *
   * @throws ZstdFrameError
   */
  take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#part !== 'unknown'; ) {
      if (this.#skip > 0) {
        const length = Math.min(this.#skip, chunk.length - at)
        this.#skip -= length
        at += length
        continue
      }
      this.#bytes[this.#filled++] = chunk[at++]!
      if (this.#filled < this.#wanted) continue
      this.#filled = 0
      this.#parse(this.#bytes.subarray(0, this.#wanted))
    }
  }

  #parse(bytes: Uint8Array): void {
    switch (this.#part) {
      case 'magic': {
        const magic = littleEndian(bytes)
        if (magic === MAGIC) this.#expect('descriptor', 1)
        else if (magic - (magic % 16) === SKIPPABLE_MAGIC) this.#expect('skippable size', 4)
        else this.#expect('unknown', 0)
        break
      }
      case 'skippable size':
        this.#skip = littleEndian(bytes)
        this.#expect('magic', 4)
        break
      case 'descriptor':
        this.#descriptor = bytes[0]!
        this.#expect(
          'frame header',
          this.#sizes().reduce((sum, size) => sum + size, 0),
        )
        break
      case 'frame header':
        this.#checkFrame(bytes)
        this.#expect('block header', 3)
        break
      case 'block header':
        this.#block(littleEndian(bytes))
    }
  }

  #expect(part: Part, bytes: number): void {
    this.#part = part
    this.#wanted = bytes
  }

  /** Bytes of the frame header's fields: window, dictionary, content size. */
  #sizes(): [window: number, dictionary: number, content: number] {
    const descriptor = this.#descriptor
    const single = (descriptor & 0x20) !== 0
    const contentFlag = descriptor >> 6
    const content = contentFlag === 0 ? (single ? 1 : 0) : 1 << contentFlag
    return [single ? 0 : 1, DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3], content]
  }

  #checkFrame(bytes: Uint8Array): void {
    const [windowSize, dictionarySize, contentSize] = this.#sizes()
    const contentStart = windowSize + dictionarySize
    const dictionary = littleEndian(bytes.subarray(windowSize, contentStart))
    if (dictionary !== 0) {
      throw new ZstdFrameError(
        `it needs the dictionary ${dictionary}`,
        'compress it again: zstd -dc -D DICTIONARY FILE | gzip > FILE.tar.gz',
      )
    }
    // A frame without a window is one segment: the window is all of its content. (Two bytes count from 256 on.)
    const content = littleEndian(bytes.subarray(contentStart)) + (contentSize === 2 ? 256 : 0)
    const window = windowSize === 0 ? content : windowOf(bytes[0]!)
    if (window > LARGEST_WINDOW) {
      throw new ZstdFrameError(
        `it needs a window of ${Math.ceil(window / 2 ** 20)} MiB, and at most ${LARGEST_WINDOW / 2 ** 20} MiB are given`,
        'compress it again: zstd -dc --long=31 FILE | gzip > FILE.tar.gz',
      )
    }
  }

  #block(header: number): void {
    const last = (header & 1) !== 0
    const type = (header >> 1) & 3
    if (type === RESERVED_BLOCK) {
      this.#expect('unknown', 0)
      return
    }
    this.#skip = type === RLE_BLOCK ? 1 : header >> 3
    if (!last) return
    if ((this.#descriptor & 4) !== 0) this.#skip += 4 // the checksum
    this.#expect('magic', 4)
  }
}

/** Window_Descriptor (RFC 8878, 3.1.1.1.2) → bytes. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}
