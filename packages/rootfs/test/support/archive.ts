/** One header block to write, and what follows it. Everything may be wrong on purpose. */
export interface HeaderSpec {
  /** Byte string; default ''. */
  readonly path?: string
  /** Type flag. Default: '0', or '5' if the path ends with a slash. */
  readonly type?: string
  readonly mode?: number | Buffer
  readonly uid?: number | Buffer
  readonly gid?: number | Buffer
  /** Default: the data's length. A buffer is the field as it is. */
  readonly size?: number | Buffer
  readonly mtime?: number | Buffer
  readonly link?: string
  readonly major?: number
  readonly minor?: number
  /** Default: ustar. */
  readonly magic?: 'ustar' | 'gnu' | 'v7'
  readonly prefix?: string
  readonly data?: string | Buffer
  /** Changes the finished block, before the checksum. */
  readonly patch?: (block: Buffer) => void
  /** Added to the right checksum. */
  readonly checksumOff?: number
  /** A pax extended header that precedes it. */
  readonly pax?: readonly (readonly [keyword: string, value: string | Buffer])[]
}

const octal = (value: number, width: number): Buffer => Buffer.from(`${value.toString(8).padStart(width - 1, '0')}\0`)

/** GNU's base-256, two's complement. */
export function base256(value: number | bigint, width: number): Buffer {
  const field = Buffer.alloc(width)
  let rest = BigInt(value)
  for (let at = width - 1; at >= 0; at--) {
    field[at] = Number(rest & 0xffn)
    rest >>= 8n
  }
  field[0]! |= 0x80
  return field
}

/** `LENGTH KEYWORD=VALUE\n`, with the length that counts itself. */
export function paxRecord(keyword: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`, 'latin1'), Buffer.from(value as string), Buffer.from('\n')])
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

const pad = (data: Buffer): Buffer => Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)])

/** A header block alone. */
export function headerBlock(spec: HeaderSpec): Buffer {
  const block = Buffer.alloc(512)
  const put = (value: number | Buffer, at: number, width: number) =>
    (typeof value === 'number' ? octal(value, width) : value).copy(block, at)
  const data = Buffer.from((spec.data ?? '') as string)
  const type = spec.type ?? (spec.path?.endsWith('/') ? '5' : '0')
  block.write(spec.path ?? '', 0, 100, 'latin1')
  put(spec.mode ?? (type === '5' ? 0o755 : 0o644), 100, 8)
  put(spec.uid ?? 0, 108, 8)
  put(spec.gid ?? 0, 116, 8)
  put(spec.size ?? data.length, 124, 12)
  put(spec.mtime ?? 1_700_000_000, 136, 12)
  block.write(type, 156, 1, 'latin1')
  block.write(spec.link ?? '', 157, 100, 'latin1')
  const magic = spec.magic ?? 'ustar'
  if (magic === 'ustar') block.write('ustar\x0000', 257, 'latin1')
  if (magic === 'gnu') block.write('ustar  \0', 257, 'latin1')
  if (magic !== 'v7') {
    put(spec.major ?? 0, 329, 8)
    put(spec.minor ?? 0, 337, 8)
  }
  block.write(spec.prefix ?? '', 345, 155, 'latin1')
  spec.patch?.(block)
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0) + (spec.checksumOff ?? 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** Makes the checksums of all headers right again, so that what was changed in them is seen. */
export function repairChecksums(archive: Buffer): void {
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    const block = archive.subarray(at, at + 512)
    const hasChecksum = /^[0-7]{6}\0 $/.test(block.toString('latin1', 148, 156))
    if (!hasChecksum && !/^ustar/.test(block.toString('latin1', 257, 263))) continue
    block.fill(0x20, 148, 156)
    const sum = block.reduce((total, byte) => total + byte, 0)
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  }
}

/** A member: its extended header if it has one, its header, its data. */
export function member(spec: HeaderSpec): Buffer {
  const parts: Buffer[] = []
  if (spec.pax) {
    const data = Buffer.concat(spec.pax.map(([keyword, value]) => paxRecord(keyword, value)))
    parts.push(member({ path: 'PaxHeaders/x', type: 'x', data }))
  }
  parts.push(headerBlock(spec), pad(Buffer.from((spec.data ?? '') as string)))
  return Buffer.concat(parts)
}

/** GNU's long name (L) or long link (K) before the next member. */
export const gnuLong = (type: 'L' | 'K', name: string): Buffer =>
  member({ path: '././@LongLink', type, magic: 'gnu', data: Buffer.from(`${name}\0`, 'latin1') })

export const END = Buffer.alloc(1024)

/** A whole archive; buffers are taken as they are. */
export const tar = (...members: readonly (HeaderSpec | Buffer)[]): Buffer =>
  Buffer.concat([...members.map((each) => (Buffer.isBuffer(each) ? each : member(each))), END])
