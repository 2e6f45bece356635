import type { Step } from '@rt/program'
import { mount } from './mount.js'
import type { Mount } from './mount-entry.js'

/**
 * A file or directory of outside, seen inside. Without the word `bind` or `rbind` what is mounted below it comes along
 * (`rbind`), as with Docker.
 *
 * @throws RtError RT_INVALID_OPTION with every complaint
 */
export const bind = (bound: Omit<Mount, 'type'> & { readonly source: string }): Step =>
  mount({ ...bound, type: 'bind' })
