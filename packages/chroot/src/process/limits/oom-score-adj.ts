import { branch, buffer, call, fail, goto, label, ref, type Step } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_WRONLY, PR_SET_DUMPABLE, PROC_SUPER_MAGIC } from '@rt/sys'
import { asked, refuse } from '../../complaints.js'

const FILE = '/proc/self/oom_score_adj'

/**
 * Write /proc/self/oom_score_adj (proc_pid_oom_score_adj(5)). Init writes its own, at `init.enter`: the host's
 * /proc is in sight then and no file of the container is. (Written by the supervisor before the clone it would count
 * for the supervisor as well, and the kernel would kill the two as one.) With `joinContainer` it comes before that,
 * after which /proc is the container's.
 *
 * @param score from -1000 (never) to 1000 (first). Lowering it needs CAP_SYS_RESOURCE.
 * @throws RtError RT_INVALID_OPTION if it is out of that range
 */
export function oomScoreAdj(score: number, origin?: string): Step {
  const fits = Number.isInteger(score) && score >= -1000 && score <= 1000
  refuse(
    'cannot set this oom_score_adj',
    fits ? [] : [{ path: origin ?? 'oomScoreAdj', message: `${score} is not a whole number from -1000 to 1000` }],
  )
  const text = String(score)
  const open = { save: 'file', of: FILE } as const
  return {
    name: 'oom_score_adj',
    why: 'how early the kernel kills it when memory runs out',
    ...asked(origin),
    'init.enter': [
      call('openat', [AT_FDCWD, FILE, O_WRONLY | O_CLOEXEC], { ...open, onError: { EACCES: 'not dumpable' } }),
      goto('opened'),
      label('not dumpable'),
      // The files of a process that is not dumpable belong to root, so a plain user can't write his own. Nothing of
      // the container runs yet that could use the moment.
      call('prctl', [PR_SET_DUMPABLE, 1, 0, 0, 0], { why: 'for the next call only: the file is root’s otherwise' }),
      call('openat', [AT_FDCWD, FILE, O_WRONLY | O_CLOEXEC], open),
      call('prctl', [PR_SET_DUMPABLE, 0, 0, 0, 0]),
      label('opened'),
      call('fstatfs', [ref('file'), buffer('statfs', 120)]),
      branch(ref('statfs'), PROC_SUPER_MAGIC, { then: 'procfs' }),
      fail(`"${FILE}" is not in a procfs`, 'something else is mounted over /proc'),
      label('procfs'),
      call('write', [ref('file'), text, text.length], {
        hints: {
          EACCES: 'a process can raise its score freely; below the lowest it ever had, it needs CAP_SYS_RESOURCE',
        },
      }),
      call('close', [ref('file')]),
    ],
  }
}
