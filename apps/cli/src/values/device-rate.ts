import { statSync } from 'node:fs'
import { textBytes } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { bytes } from './bytes.js'
import { quote } from './quote.js'

/** A cap on a disk's reads or writes. */
export interface DeviceRate {
  /** `MAJOR:MINOR` */
  readonly device: string
  /** Bytes, or operations, a second. */
  readonly most: number
}

/** `/dev/sda:10mb`, Docker's form. Looks at the node, for its numbers. */
export function deviceRate(text: string): DeviceRate {
  const colon = text.lastIndexOf(':')
  const path = text.slice(0, colon)
  if (colon < 0 || !path.startsWith('/'))
    throw invalid(`expected DEVICE:RATE such as /dev/sda:10mb, got ${quote(text)}`)
  const most = bytes(text.slice(colon + 1))
  const status = statSync(textBytes(path), { throwIfNoEntry: false })
  if (!status?.isBlockDevice()) throw invalid(`expected a disk, ${quote(path)} is ${status ? 'none' : 'not there'}`)
  return { device: `${major(status.rdev)}:${minor(status.rdev)}`, most }
}

/** makedev(3). */
const major = (device: number): number => Math.floor(device / 256) % 4096
const minor = (device: number): number => (device % 256) + Math.floor(device / 1_048_576) * 256
