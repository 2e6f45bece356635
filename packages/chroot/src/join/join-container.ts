import { branch, call, fail, type Instruction, label, ROOT, ref, type Step } from '@rt/program'
import {
  AT_FDCWD,
  type Complaint,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  type OptionKeys,
  refuseUnknownOptions,
} from '@rt/sys'
import { asked, refuse } from '../complaints.js'
import { checkWorkingDirectory } from '../root/check-cwd.js'
import { NAMESPACES, type NamespaceName } from './namespace-names.js'

export interface JoinOptions {
  /** A process of the container, as the host (the caller's pid namespace) numbers it. */
  readonly pid: number
  /**
   * A pidfd of that process which the caller (Node) holds: then it is certain that `pid` is not another process by now.
   * Fetching it needs the right to trace the caller (pidfd_getfd(2)), which root has.
   */
  readonly pidfd?: number
  /** Those that differ from the caller's: see `inspectContainer`. */
  readonly namespaces: readonly NamespaceName[]
  /** The caller is not root: only a container in a user namespace of the caller's can be joined. */
  readonly unprivileged?: boolean
  readonly origin?: string
}

const TARGET = '$container'

const OPTIONS: OptionKeys<JoinOptions> = { pid: true, pidfd: true, namespaces: true, unprivileged: true, origin: true }

/**
 * Go into a running container: its namespaces and its root, for `exec` into it. Sets `$root` to the container's root.
 * What follows is as in any plan: `workingDirectory`, `terminal`, `user`, `capabilities`, `exec`.
 *
 * The supervisor opens the process and its root on the host, and makes sure that both are of the same process. A process
 * between joins all namespaces in one setns(2) with the pidfd (Linux 5.8) and enters the root; the pid namespace holds for
 * its children only, so that init, which it then makes, is the first one that can be seen from inside: it has joined
 * everything, and holds nothing of the host (CVE-2016-9962).
 *
 * @throws RtError RT_INVALID_OPTION for a pid that is none or one's own, or without namespaces
 */
export function joinContainer(options: JoinOptions): Step {
  refuseUnknownOptions('joinContainer', options, OPTIONS)
  const { pid, pidfd, namespaces, unprivileged = false } = options
  refuse('cannot join this container', complaints(options))
  const flags = namespaces.reduce((all, name) => all | NAMESPACES[name].flag, 0)
  return {
    name: 'join container',
    why: 'the program runs beside the container’s own',
    ...asked(options.origin),
    joins: true,
    'host.prepare': [
      call('getpid', [], { save: 'self' }),
      branch(ref('self'), pid, { else: 'another' }),
      fail(`process ${pid} is this very program: the container is gone`),
      label('another'),
      ...(pidfd === undefined ? openByPid(pid) : fetchFromNode(pidfd)),
      call('openat', [AT_FDCWD, `/proc/${pid}/root`, O_PATH | O_DIRECTORY | O_CLOEXEC], {
        save: ROOT,
        of: `/proc/${pid}/root`,
        hints: {
          EACCES: `process ${pid} is another user's, or has capabilities that the caller lacks`,
          ENOENT: `process ${pid} has ended`,
        },
      }),
      call('pidfd_send_signal', [ref(TARGET), 0, null, 0], {
        why: 'it lives: so what has been opened by its pid is its own',
        hints: { ESRCH: `process ${pid} has ended` },
      }),
    ],
    'init.enter': [
      // Where the namespace denies setgroups(2), the caller's groups could never be left.
      ...(unprivileged || !namespaces.includes('user') ? [] : [call('setgroups', [0, null])]),
      setns(flags),
      call('close', [ref(TARGET)], { why: 'a pidfd of the host’s is nothing for who is seen inside' }),
      call('fchdir', [ref(ROOT)]),
      call('chroot', ['.'], { why: 'its root need not be that of its mount namespace' }),
      ...checkWorkingDirectory('root'),
    ],
  }
}

const openByPid = (pid: number): Instruction[] => [
  call('pidfd_open', [pid, 0], {
    save: TARGET,
    of: `process ${pid}`,
    hints: { ESRCH: `there is no process ${pid}`, EINVAL: `${pid} is a thread, not a process` },
  }),
]

/** Node is the supervisor's parent. */
const fetchFromNode = (pidfd: number): Instruction[] => [
  call('getppid', [], { save: 'node' }),
  call('pidfd_open', [ref('node'), 0], { save: 'nodes pidfd', of: 'the caller' }),
  call('pidfd_getfd', [ref('nodes pidfd'), pidfd, 0], {
    save: TARGET,
    of: 'pidfd',
    hints: { EPERM: 'the caller may not be traced (see kernel.yama.ptrace_scope): give the pid without a pidfd' },
  }),
]

const setns = (flags: number): Instruction =>
  call('setns', [ref(TARGET), flags], {
    hints: {
      EINVAL: 'a user namespace that one is in already can’t be joined: name only namespaces that differ',
      EPERM: 'joining needs CAP_SYS_ADMIN in the user namespaces of both sides: be root, or the container’s owner',
      ESRCH: 'the container’s process has ended',
    },
  })

function complaints({ pid, pidfd, namespaces, unprivileged }: JoinOptions): Complaint[] {
  const found: Complaint[] = []
  if (!Number.isInteger(pid) || pid < 1 || pid >= 2 ** 22) {
    found.push({ path: 'pid', message: `${pid} is no process id` })
  } else if (pid === process.pid) found.push({ path: 'pid', message: `${pid} is the caller itself` })
  if (pidfd !== undefined && (!Number.isInteger(pidfd) || pidfd < 0)) {
    found.push({ path: 'pidfd', message: `${pidfd} is no file descriptor` })
  }
  const unknown = namespaces.filter((name) => !Object.hasOwn(NAMESPACES, name))
  for (const name of unknown) found.push({ path: 'namespaces', message: `no kind is named ${JSON.stringify(name)}` })
  if (namespaces.length === 0) {
    found.push({
      path: 'namespaces',
      message: `process ${pid} has all namespaces of the caller: it is in no container`,
    })
  }
  if (unprivileged && !namespaces.includes('user')) {
    found.push({
      path: 'namespaces',
      message: 'without privilege only a container with its own user namespace can be joined',
    })
  }
  return found
}
