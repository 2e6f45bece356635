import { ERRNO, syscall } from '@rt/sys'
import { type ByteString, toByteString } from '../tar/byte-string.js'
import { attempt, nul } from './calls.js'

/**
 * Extended attributes that mean something to the machine that unpacks, not to the image: another host's labels and
 * signatures; and overlay's own marks, by which a layer could show or rename files of the layers below.
 */
export const isForeign = (name: ByteString): boolean =>
  /^(security\.(?!capability$)|system\.(?!posix_acl_)|trusted\.overlay\.|user\.overlay\.)/.test(name)

/** Most are small: XATTR_LIST_MAX and XATTR_SIZE_MAX are asked for only if the kernel says ERANGE. */
const SIZES = [512, 65536]

function read(call: 'listxattr' | 'getxattr', path: Uint8Array, ...name: Uint8Array[]): Buffer | undefined {
  for (const size of SIZES) {
    const buffer = Buffer.alloc(size)
    const length = attempt(call, path, ...name, buffer, size)
    if (length >= 0) return buffer.subarray(0, length)
    if (length === -ERRNO.EOPNOTSUPP || length === -ERRNO.ENODATA) return undefined
    if (length !== -ERRNO.ERANGE) syscall(call, path, ...name, buffer, size)
  }
  return undefined
}

/**
 * The extended attributes that are a file's own, to be copied with it.
 *
 * @param fd of any kind: O_PATH will do, of a symlink too
 * @throws SyscallError
 */
export function ownXattrs(fd: number): ReadonlyMap<ByteString, Uint8Array> {
  // The forms with an fd refuse O_PATH; the link in /proc is the file's own.
  const path = nul(`/proc/thread-self/fd/${fd}`)
  const list = read('listxattr', path)
  const names = list ? toByteString(list, 0, list.length).split('\0').slice(0, -1) : []
  const found = new Map<ByteString, Uint8Array>()
  for (const name of names) {
    const value = isForeign(name) ? undefined : read('getxattr', path, nul(name))
    if (value) found.set(name, value)
  }
  return found
}
