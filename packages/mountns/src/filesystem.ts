import { call, type Instruction, ref, type Value } from '@rt/program'
import { FSCONFIG_CMD_CREATE, FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSMOUNT_CLOEXEC, FSOPEN_CLOEXEC } from '@rt/sys'

export interface Filesystem {
  readonly type: string
  /** What mount tables show; without it they say `none`. */
  readonly source: string
  /** Without a value a parameter is a flag. */
  readonly parameters?: readonly { readonly name: string; readonly value?: Value }[]
  /** MOUNT_ATTR_* of the mount. */
  readonly attributes?: number
  /** Name under which the detached mount is saved; default `mount`. */
  readonly save?: string
}

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
    ...parameters.map(({ name, value }) =>
      call(
        'fsconfig',
        value === undefined
          ? [ref('fs'), FSCONFIG_SET_FLAG, name, null, 0]
          : [ref('fs'), FSCONFIG_SET_STRING, name, value, 0],
        {
          hints: {
            EINVAL: `${JSON.stringify(name)} is neither an option of mounts nor one that ${type} knows, or its value is wrong`,
          },
        },
      ),
    ),
    call('fsconfig', [ref('fs'), FSCONFIG_CMD_CREATE, null, null, 0]),
    call('fsmount', [ref('fs'), FSMOUNT_CLOEXEC, attributes], { save, of: type }),
    call('close', [ref('fs')]),
  ]
}
