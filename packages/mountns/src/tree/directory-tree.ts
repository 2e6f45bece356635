import { call, type Step } from '@rt/program'
import {
  AT_FDCWD,
  AT_RECURSIVE,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  type OptionKeys,
  quote,
  refuseUnknownOptions,
} from '@rt/sys'
import { closeInSupervisor } from '../destination/attach.js'
import { refuse } from '../options/refuse.js'
import { mapOwners } from './id-mapped.js'

export interface DirectoryTreeOptions {
  /** Owners are mapped by the container's user namespace (Linux 5.12): root's files are the container's root's. */
  readonly idmap?: boolean
  readonly origin?: string
}

const OPTIONS: OptionKeys<DirectoryTreeOptions> = { idmap: true, origin: true }

/**
 * A directory of outside with what is mounted below it, as the container's root: what the container writes is there
 * afterwards. Saves `$tree`. The step that attaches it makes it private first.
 *
 * @throws RtError RT_INVALID_OPTION if the path is not absolute
 */
export function directoryTree(path: string, options: string | DirectoryTreeOptions = {}): Step {
  if (typeof options !== 'string') refuseUnknownOptions('directoryTree', options, OPTIONS)
  const { idmap = false, origin = 'default' } = typeof options === 'string' ? { origin: options } : options
  const name = 'root tree'
  if (!path.startsWith('/') || path.includes('\0')) {
    refuse(name, origin, [{ path: 'path', message: `expected an absolute path, got ${quote(path)}` }])
  }
  return {
    name,
    why: 'a copy of the mount, so that nothing done to it touches the directory’s own mount',
    origin,
    'host.open': [
      call('open_tree', [AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE], {
        save: '$tree',
        of: path,
        hints: {
          ENOENT: `${quote(path)} does not exist on the host`,
          ENOTDIR: `something in ${quote(path)} is a file where a directory is needed`,
        },
      }),
    ],
    meets: [{ at: 'init.enter', host: [...(idmap ? mapOwners(['$tree'], true) : []), closeInSupervisor('$tree')] }],
  }
}
