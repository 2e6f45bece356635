import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** A device of the host for the container. */
export interface DeviceSpec {
  /** The node on the host. */
  readonly source: string
  /** Its path in the container. */
  readonly destination: string
  /** What the device cgroup allows: of `rwm` (read, write, mknod). */
  readonly access: string
  readonly origin: string
}

/** `/dev/fuse`, `/dev/sda:/dev/disk:r` */
export function device(text: string, origin: string): DeviceSpec {
  const [source = '', second, third, ...more] = text.split(':')
  // `/dev/x:r` leaves out the path in the container.
  const short = second !== undefined && third === undefined && /^[rwm]+$/.test(second)
  const destination = short || !second ? source : second
  const access = (short ? second : third) ?? 'rwm'
  if (more.length > 0 || !source.startsWith('/') || !destination.startsWith('/')) {
    throw invalid(`expected /dev/HOST[:/dev/CONTAINER][:rwm], got ${quote(text)}`)
  }
  if (!/^[rwm]{1,3}$/.test(access)) throw invalid(`expected access of the letters r, w and m, got ${quote(access)}`)
  return { source, destination, access, origin }
}
