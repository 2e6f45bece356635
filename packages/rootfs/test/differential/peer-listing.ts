import type { ByteString, TarEntryType } from '@rt/rootfs'

/** The readers that rt is put beside. GNU tar is the program, libarchive what bsdtar is made of. */
export const PEERS = ['gnu', 'libarchive', 'python', 'go'] as const

export type Peer = (typeof PEERS)[number]

/** What each makes of an archive, and what those do that are processes which stay. */
export type Listings = Readonly<Record<Peer, PeerListing>>
export type SomeListings = Omit<Listings, 'gnu'>

/** A member as a reader understands it; what a reader doesn't tell is undefined. */
export interface PeerEntry {
  readonly type: TarEntryType
  readonly path: ByteString
  readonly link: ByteString
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Seconds, and nanoseconds where the reader has them. */
  readonly mtime?: readonly number[] | undefined
  readonly major: number
  readonly minor: number
  /** Of the content. */
  readonly sha256?: string
  /** Name → value in hexadecimal. */
  readonly xattrs?: Readonly<Record<ByteString, string>>
}

/** What a reader makes of an archive. */
export interface PeerListing {
  /** All, or those before the error. */
  readonly entries: readonly PeerEntry[]
  /** Why it stopped; '' at the end of the archive. */
  readonly error: string
  /** Of all files' content together, for a reader that tells no more. */
  readonly allContent?: string
}
