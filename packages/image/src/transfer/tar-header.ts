/** Bytes of a block. */
const BLOCK = 512
/** What eleven octal digits hold; above, GNU tar's base 256. */
const OCTAL_LIMIT = 8 ** 11

/**
 * The header of a file or directory in a tar (POSIX.1-1988 ustar): owned by root, of 1970, so that the same images give the
 * same bytes.
 *
 * @param name up to 100 bytes
 * @param size bytes
 */
export function tarHeader(name: string, size: number, type: 'file' | 'directory'): Buffer {
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number) =>
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  header.write(name, 0, 'utf8')
  octal(type === 'file' ? 0o644 : 0o755, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  if (size < OCTAL_LIMIT) octal(size, 124, 11)
  else {
    header.writeUInt8(0x80, 124)
    header.writeBigUInt64BE(BigInt(size), 128)
  }
  octal(0, 136, 11)
  header.write(type === 'file' ? '0' : '5', 156, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  // The checksum counts itself as spaces.
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** What fills a file's last block. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)

/** Two blocks of zeros. */
export const TAR_END = Buffer.alloc(2 * BLOCK)
