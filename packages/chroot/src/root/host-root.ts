import { call, ROOT, type Step } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH } from '@rt/sys'
import { asked } from '../complaints.js'

/** Keep the root that there is, and set `$root` to it, for a plan whose other steps mount or look something up. */
export const hostRoot = (origin?: string): Step => ({
  name: 'host root',
  why: 'the root stays as it is',
  ...asked(origin),
  'init.mount': [call('openat', [AT_FDCWD, '/', O_PATH | O_DIRECTORY | O_CLOEXEC], { save: ROOT, of: '/' })],
})
