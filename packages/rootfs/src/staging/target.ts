import { readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { RtError } from '@rt/sys'
import { existsError } from './staging.js'

/**
 * Refuses early what a rename would refuse after all the work.
 *
 * @param target absolute path of the directory to be made
 * @throws RtError RT_EXISTS unless it is absent or an empty directory; RT_NOT_FOUND, RT_WRONG_TYPE for its parent
 */
export function checkTarget(target: string): void {
  const parent = dirname(target)
  const above = look(parent)
  const quoted = JSON.stringify(target)
  if (!above) {
    throw new RtError('RT_NOT_FOUND', `cannot unpack to ${quoted}: directory ${JSON.stringify(parent)} does not exist`)
  }
  if (!above.isDirectory()) {
    throw new RtError('RT_WRONG_TYPE', `cannot unpack to ${quoted}: ${JSON.stringify(parent)} is no directory`)
  }
  const status = look(target)
  if (!status) return
  if (!status.isDirectory() || target === parent || readdirSync(target).length > 0) throw existsError(target)
}

function look(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return undefined
    throw new RtError('RT_PERMISSION', `cannot look at ${JSON.stringify(path)}: ${code}`, { cause })
  }
}
