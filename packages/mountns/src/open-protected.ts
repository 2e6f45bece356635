import type { Call } from '@rt/program'
import { cleanDestination } from './destination.js'
import { openInRoot } from './handles.js'

/**
 * A path to be masked or made read-only, opened as `dest` beneath the mount of the plan that holds it: a name that is
 * swapped meanwhile leads nowhere else. What isn't there needs no protection.
 *
 * @param absent the label to go to then
 */
export const openProtected = (path: string, absent: string): Call =>
  openInRoot(cleanDestination(path).slice(1), 'dest', {
    of: path,
    beneathMount: true,
    onError: { ENOENT: absent, ENOTDIR: absent },
    hints: {
      ELOOP: `${JSON.stringify(path)} is, or lies behind, a symlink: give the path that it leads to`,
      EXDEV: `a symlink leads from ${JSON.stringify(path)} out of the mount that it lies in: give the path that it leads to`,
    },
  })
