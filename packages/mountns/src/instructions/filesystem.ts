import { call, type Instruction, ref, type Value } from '@rt/program'
import { FSCONFIG_CMD_CREATE, FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSMOUNT_CLOEXEC, FSOPEN_CLOEXEC } from '@rt/sys'

/** An option of a file system. */
export interface FilesystemParameter {
  readonly name: string
  /** Without a value it is a flag. */
  readonly value?: Value
  readonly why?: string
  /** What it means if the kernel refuses it, and the remedy; null: what @rt/sys says of such a call. */
  readonly hint?: string | null
}

export interface Filesystem {
  readonly type: string
  /** What mount tables show; without it they say `none`. */
  readonly source: string
  readonly parameters?: readonly FilesystemParameter[]
  /** MOUNT_ATTR_* of the mount. */
  readonly attributes?: number
  /** Name under which the detached mount is saved; default `mount`. */
  readonly save?: string
}

const unknownOption = (name: string, type: string): string =>
  `${JSON.stringify(name)} is neither an option of mounts nor one that ${type} knows, or its value is wrong`

/** A new file system, as a detached mount: fsopen, fsconfig, fsmount. */
export function newFilesystem({
  type,
  source,
  parameters = [],
  attributes = 0,
  save = 'mount',
}: Filesystem): Instruction[] {
  return [
    call('fsopen', [type, FSOPEN_CLOEXEC], { save: 'fs', of: type }),
    call('fsconfig', [ref('fs'), FSCONFIG_SET_STRING, 'source', source, 0]),
    ...parameters.map(({ name, value, why, hint }) =>
      call(
        'fsconfig',
        value === undefined
          ? [ref('fs'), FSCONFIG_SET_FLAG, name, null, 0]
          : [ref('fs'), FSCONFIG_SET_STRING, name, value, 0],
        {
          ...(why === undefined ? {} : { why }),
          ...(hint === null ? {} : { hints: { EINVAL: hint ?? unknownOption(name, type) } }),
        },
      ),
    ),
    call('fsconfig', [ref('fs'), FSCONFIG_CMD_CREATE, null, null, 0]),
    call('fsmount', [ref('fs'), FSMOUNT_CLOEXEC, attributes], { save, of: type }),
    call('close', [ref('fs')]),
  ]
}
