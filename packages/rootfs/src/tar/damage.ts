import { type ErrorDetails, RtError } from '@rt/sys'
import { type ByteString, quoteByteString } from './byte-string.js'

/** Where in an archive something is. */
export interface TarPosition {
  /** The member's number, from 1. */
  readonly index: number
  /** Bytes from the start of the uncompressed archive. */
  readonly offset: number
  /** Unknown before the header is read. */
  readonly path?: ByteString | undefined
}

/** `archive entry 17 "usr/bin/x" at byte 8192`: how every complaint about a member begins. */
export const describePosition = ({ index, offset, path }: TarPosition): string =>
  `archive entry ${index}${path === undefined ? '' : ` ${quoteByteString(path)}`} at byte ${offset}`

/** The error for an archive that is damaged or of a kind that is not read. */
export const archiveError = (position: TarPosition, message: string, details: ErrorDetails = {}): RtError =>
  new RtError('RT_ARCHIVE', `${describePosition(position)}: ${message}`, details)
