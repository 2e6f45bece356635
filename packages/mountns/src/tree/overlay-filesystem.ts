import type { Instruction, Value } from '@rt/program'
import { type FilesystemParameter, newFilesystem } from '../instructions/filesystem.js'

/** The parts of an overlay, by names that are resolved from the working directory. */
export interface OverlayFilesystem {
  /** What `lowerdir` takes: all layers, with colons between; or each layer by itself, the topmost first. */
  readonly lower: Value | readonly Value[]
  /** Absent: it is read-only. */
  readonly upper?: { readonly upperdir: Value; readonly workdir: Value } | undefined
  readonly userxattr?: boolean | undefined
  /** Name under which the detached mount is saved. */
  readonly save: string
}

const isList = (lower: Value | readonly Value[]): lower is readonly Value[] => Array.isArray(lower)

/** What asks overlay for the layers one by one. */
const append = (value: Value): FilesystemParameter => ({
  name: 'lowerdir+',
  value,
  hint: 'this kernel takes layers only in one string, which holds 128: more of them need lowerdir+ (Linux 6.8)',
})

/** An overlay as a detached mount: the one place that knows overlay's options. */
export const overlayFilesystem = ({ lower, upper, userxattr, save }: OverlayFilesystem): Instruction[] =>
  newFilesystem({
    type: 'overlay',
    source: 'overlay',
    parameters: [
      ...(isList(lower) ? lower.map(append) : [{ name: 'lowerdir', value: lower, hint: null }]),
      ...(upper
        ? [
            { name: 'upperdir', value: upper.upperdir, hint: null },
            { name: 'workdir', value: upper.workdir, hint: null },
          ]
        : []),
      ...(userxattr
        ? [{ name: 'userxattr', why: 'trusted.* attributes need privilege outside (Linux 5.11)', hint: null }]
        : []),
    ],
    save,
  })
