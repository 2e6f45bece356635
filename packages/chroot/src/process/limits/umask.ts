import { call, type Step } from '@rt/program'
import { refuse } from '../../complaints.js'

/**
 * umask(2). The steps that make files and mount points before it give their modes plainly, so it comes after them.
 *
 * @param mask permission bits that new files don't get; default 0o022, as Docker's
 * @throws RtError RT_INVALID_OPTION if it is not within 0o777
 */
export function umask(mask = 0o022, origin = 'default'): Step {
  const fits = Number.isInteger(mask) && mask >= 0 && mask <= 0o777
  refuse('cannot set this umask', fits ? [] : [{ path: origin, message: `${mask} is not within 0 and 0o777` }])
  return {
    name: 'umask',
    why: 'the mask of whoever starts the container is none of its business',
    origin,
    'init.confine': [call('umask', [mask])],
  }
}
