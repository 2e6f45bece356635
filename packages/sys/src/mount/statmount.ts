import { ERRNO } from '../errno.js'
import { untilNul } from '../format/quote.js'
import { syscallError } from '../native/failure.js'
import { attempt, syscall } from '../native/syscall.js'
import { decodeStruct, encodeStruct, structLayout } from '../structs.js'
import {
  LSMT_ROOT,
  MNT_ID_REQ_SIZE_VER0,
  STATMOUNT_FS_TYPE,
  STATMOUNT_MNT_BASIC,
  STATMOUNT_MNT_POINT,
  STATMOUNT_MNT_ROOT,
  STATMOUNT_SB_BASIC,
} from '../uapi/mount.js'

/** What {@link statmount} says of a mount. Ids are the unique ones of Linux 6.8, never reused: STATX_MNT_ID_UNIQUE. */
export interface MountStatus {
  readonly id: bigint
  readonly parent: bigint
  /** The id in /proc/self/mountinfo. */
  readonly oldId: number
  readonly type: string
  /** The directory of the file system that is mounted. */
  readonly root: string
  /** Where it is mounted, from this process's root. */
  readonly point: string
  /** MOUNT_ATTR_*. */
  readonly attributes: bigint
  /** MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE. */
  readonly propagation: bigint
  readonly peerGroup: bigint
  readonly master: bigint
  readonly device: { readonly major: number; readonly minor: number }
}

const WANTED = STATMOUNT_SB_BASIC | STATMOUNT_MNT_BASIC | STATMOUNT_MNT_ROOT | STATMOUNT_MNT_POINT | STATMOUNT_FS_TYPE
const FIRST_SIZE = 1024
const LARGEST_SIZE = 1 << 20

/**
 * `statmount(&{mnt_id, param}, buffer, size, 0)`: a mount by its unique id, without reading the whole mountinfo.
 * statmount(2), Linux 6.8.
 *
 * @throws SyscallError ENOENT if there is no such mount in this mount namespace, EPERM if it is outside this process's
 *   root without CAP_SYS_ADMIN, ENOSYS before Linux 6.8
 */
export function statmount(id: bigint): MountStatus {
  const request = encodeStruct('mnt_id_req', { size: MNT_ID_REQ_SIZE_VER0, mnt_id: id, param: WANTED })
  for (let size = FIRST_SIZE; ; size *= 4) {
    const buffer = Buffer.alloc(size)
    const result = attempt('statmount', [request, buffer, size, 0])
    if (result === 0) return readStatus(buffer)
    // Paths longer than expected.
    if (result !== -ERRNO.EOVERFLOW || size >= LARGEST_SIZE) {
      throw syscallError('statmount', [request, buffer, size, 0], -result)
    }
  }
}

function readStatus(buffer: Buffer): MountStatus {
  const fields = decodeStruct('statmount', buffer)
  const strings = buffer.subarray(structLayout('statmount').size)
  const text = (field: string) => Buffer.from(untilNul(strings.subarray(fields[field] as number))).toString()
  return {
    id: fields.mnt_id as bigint,
    parent: fields.mnt_parent_id as bigint,
    oldId: fields.mnt_id_old as number,
    type: text('fs_type'),
    root: text('mnt_root'),
    point: text('mnt_point'),
    attributes: fields.mnt_attr as bigint,
    propagation: fields.mnt_propagation as bigint,
    peerGroup: fields.mnt_peer_group as bigint,
    master: fields.mnt_master as bigint,
    device: { major: fields.sb_dev_major as number, minor: fields.sb_dev_minor as number },
  }
}

/**
 * `listmount(&{mnt_id, param}, ids, n, 0)`: the unique ids of all mounts beneath one. listmount(2), Linux 6.8.
 *
 * @param id default: LSMT_ROOT, all of this mount namespace
 * @throws SyscallError ENOENT if there is no such mount, ENOSYS before Linux 6.8
 */
export function listmount(id: bigint = LSMT_ROOT): bigint[] {
  const ids = new BigUint64Array(256)
  const memory = new Uint8Array(ids.buffer)
  const found: bigint[] = []
  for (;;) {
    // `param` is the last id already known: the list goes on after it.
    const request = encodeStruct('mnt_id_req', { size: MNT_ID_REQ_SIZE_VER0, mnt_id: id, param: found.at(-1) ?? 0 })
    const count = syscall('listmount', request, memory, ids.length, 0)
    found.push(...ids.subarray(0, count))
    if (count < ids.length) return found
  }
}
