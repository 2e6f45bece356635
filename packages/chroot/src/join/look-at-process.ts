import { RtError } from '@rt/sys'

/** Read something of a process below /proc. @throws RtError RT_NOT_FOUND, RT_PERMISSION */
export function lookAtProcess<T>(pid: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') {
      throw new RtError('RT_NOT_FOUND', `no process ${pid}`, {
        cause: error,
        hint: 'the pid is the host’s, as `rt run` and ps on the host show it; inside the container it is another',
      })
    }
    if (code !== 'EACCES' && code !== 'EPERM') throw error
    throw new RtError('RT_PERMISSION', `cannot look at process ${pid}`, {
      cause: error,
      hint: 'it is another user’s, or has capabilities that the caller lacks: be root',
    })
  }
}
