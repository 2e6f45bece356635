import { fstatSync } from 'node:fs'
import type { Complaints } from '../arguments/complaints.js'
import type { TerminalMode } from '../options/terminal.js'

const NAMES = ['stdin', 'stdout', 'stderr'] as const

/**
 * A directory as one of the streams that the container gets would show it the tree around it: `rt run -i … < /` is most
 * likely a slip. The plan refuses it too (`standardStreams` of @rt/chroot, which knows more such things), but only when
 * an image has been unpacked.
 */
export function checkStreams(mode: TerminalMode, complaints: Complaints): void {
  if (mode.tty) return
  NAMES.forEach((name, fd) => {
    // Without -i stdin is /dev/null.
    if (fd === 0 && !mode.interactive) return
    if (!fstatSync(fd).isDirectory()) return
    complaints.add(
      name,
      'is a directory: the container would reach the tree that it is in',
      'redirect a file or a pipe; a directory of the host is given with --volume',
    )
  })
}
