/** Names begin with one of these, which is then a number; in this order, since the first that fits counts. */
const PREFIXES: readonly (readonly [prefix: string, index: number])[] = [
  ['system.posix_acl_access', 2],
  ['system.posix_acl_default', 3],
  ['user.', 1],
  ['trusted.', 4],
  ['security.', 6],
]

/** Bytes of `struct erofs_xattr_ibody_header`. */
const HEADER = 12
const ENTRY = 4
/** What the inode's 16 bits can count. */
const MOST = 0xffff

/** Extended attributes, by names of one character per byte. */
export type Xattrs = ReadonlyMap<string, Uint8Array>

const aligned = (size: number): number => (size + 3) & ~3

function split(name: string): readonly [index: number, rest: string] | undefined {
  const found = PREFIXES.find(([prefix]) => name.startsWith(prefix))
  return found && [found[1], name.slice(found[0].length)]
}

/** Whether EROFS has a place for an attribute. */
export function canHold(name: string, value: Uint8Array): boolean {
  const found = split(name)
  return found !== undefined && found[1].length <= 0xff && value.length <= 0xffff
}

/** Bytes that the attributes take behind their inode; none take none. */
export function xattrSize(xattrs: Xattrs | undefined): number {
  if (!xattrs || xattrs.size === 0) return 0
  let size = HEADER
  for (const [name, value] of xattrs) size += aligned(ENTRY + (split(name)?.[1].length ?? 0) + value.length)
  return size
}

/** `i_xattr_icount` for so many bytes; undefined: more than there is room for. */
export function xattrCount(size: number): number | undefined {
  if (size === 0) return 0
  const count = (size - HEADER) / 4 + 1
  return count <= MOST ? count : undefined
}

/** Writes the header and `struct erofs_xattr_entry` for each. */
export function writeXattrs(image: Buffer, start: number, xattrs: Xattrs): void {
  let at = start + HEADER
  for (const [name, value] of xattrs) {
    const [index, rest] = split(name) as readonly [number, string]
    image.writeUInt8(rest.length, at)
    image.writeUInt8(index, at + 1)
    image.writeUInt16LE(value.length, at + 2)
    image.write(rest, at + ENTRY, 'latin1')
    image.set(value, at + ENTRY + rest.length)
    at += aligned(ENTRY + rest.length + value.length)
  }
}
