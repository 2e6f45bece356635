import { RtError } from '../errors.js'
import { textFromBytes } from '../format/byte-text.js'

/** One mount; proc_pid_mountinfo(5). Paths may hold escaped bytes: see `pathBytes`. */
export interface MountInfo {
  readonly id: number
  readonly parent: number
  /** `major:minor`, st_dev of the files on it. */
  readonly device: string
  /** What of the file system is mounted: `/` is all of it, another path is that directory or file. */
  readonly root: string
  /** Where, as seen from the root of the process whose table it is. */
  readonly mountPoint: string
  /** Options of this mount: `rw`, `nosuid`, `relatime`, … */
  readonly options: readonly string[]
  /** `shared:N`, `master:N`, `propagate_from:N`, `unbindable`; none: the mount is private. */
  readonly propagation: readonly string[]
  readonly type: string
  readonly source: string
  /** Options of the file system itself, the same for all its mounts. */
  readonly superOptions: readonly string[]
}

/**
 * Parse /proc/PID/mountinfo. Give it bytes: a name that is not UTF-8 survives then.
 *
 *     36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 *     (1)(2)(3)   (4)   (5)      (6)      (7)   (8) (9)   (10)         (11)
 *
 * (1) id (2) parent's id (3) device (4) root (5) mount point (6) mount options (7) any number of optional fields
 * (8) a hyphen ends them (9) type (10) source (11) options of the file system. Space, tab, newline and backslash in
 * names are written as octal: `\\040`.
 *
 * @throws RtError RT_INVALID_CONFIG naming the first line that is not of this form
 */
export function parseMountinfo(table: Uint8Array | string): MountInfo[] {
  // One char a byte, so that octal escapes and raw bytes can be told apart and put together.
  const text = (typeof table === 'string' ? Buffer.from(table) : Buffer.from(table)).toString('latin1')
  return text
    .split('\n')
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => parseLine(line, number))
}

function parseLine(line: string, number: number): MountInfo {
  const fields = line.split(' ')
  const hyphen = fields.indexOf('-', 6)
  const [id, parent, device, root, mountPoint, options] = fields
  const [type, source, superOptions] = fields.slice(hyphen + 1)
  if (hyphen < 6 || superOptions === undefined || !/^\d+$/.test(id ?? '') || !/^\d+$/.test(parent ?? '')) {
    throw new RtError(
      'RT_INVALID_CONFIG',
      `line ${number} of mountinfo is not in the form of proc(5): ${JSON.stringify(line)}`,
    )
  }
  return {
    id: Number(id),
    parent: Number(parent),
    device: device as string,
    root: unescapeOctal(root as string),
    mountPoint: unescapeOctal(mountPoint as string),
    options: (options as string).split(','),
    propagation: fields.slice(6, hyphen),
    type: unescapeOctal(type as string),
    source: unescapeOctal(source as string),
    superOptions: superOptions.split(',').map(unescapeOctal),
  }
}

const unescapeOctal = (field: string): string => {
  const plain = field.includes('\\')
    ? field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    : field
  return /[\x80-\xff]/.test(plain) ? textFromBytes(Buffer.from(plain, 'latin1')) : plain
}
