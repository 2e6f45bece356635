import { call, type Instruction, label, ROOT, ref, type Step, struct } from '@rt/program'
import {
  O_CLOEXEC,
  O_RDWR,
  OPEN_HOW_SIZE_VER0,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  S_IFCHR,
} from '@rt/sys'
import { deviceIs, fileTypeIs, statFd } from '../instructions/verify.js'

/**
 * Where stdin, stdout or stderr is the host's null device, the container's own takes its place: through an fd of the
 * host's, root inside could change the host's node (fchmod, or chmod of /dev/stdin). Comes after `dev()`.
 */
export const nullStreams = (origin = 'default'): Step => ({
  name: 'null streams',
  why: 'what is thrown away goes to the container’s own null device, not the host’s',
  origin,
  'init.mount': [0, 1, 2].flatMap(replaceNull),
})

const replaceNull = (fd: number): Instruction[] => [
  // EBADF: the caller has closed it.
  { ...statFd(fd), onError: { EBADF: `next${fd}` } },
  fileTypeIs(S_IFCHR, { else: `next${fd}` }),
  deviceIs(1, 3, { else: `next${fd}` }),
  call('openat2', [ref(ROOT), 'dev/null', HOW, OPEN_HOW_SIZE_VER0], {
    save: 'null',
    of: '/dev/null',
    beneathMount: true,
  }),
  call('dup3', [ref('null'), fd, 0]),
  call('close', [ref('null')]),
  label(`next${fd}`),
]

const HOW = struct('open_how', {
  flags: O_RDWR | O_CLOEXEC,
  resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
})
