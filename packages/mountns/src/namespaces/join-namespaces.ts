import { branch, call, fail, type Instruction, label, ref, type Step } from '@rt/program'
import {
  AT_FDCWD,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  type Complaint,
  NS_GET_NSTYPE,
  O_CLOEXEC,
  O_RDONLY,
  type OptionKeys,
  refuseUnknownOptions,
} from '@rt/sys'
import { refuse } from '../options/refuse.js'

/** Files that stand for namespaces: `/proc/PID/ns/net`, or where one is bound (`/run/netns/NAME`). */
export interface NamespacePaths {
  readonly user?: string
  readonly cgroup?: string
  readonly ipc?: string
  readonly uts?: string
  readonly net?: string
  readonly pid?: string
  readonly time?: string
  readonly mount?: string
  readonly origin?: string
}

/** In the order in which they are joined: the user namespace gives the right to the others; a mount namespace changes what a path means. */
const FLAGS = {
  user: CLONE_NEWUSER,
  cgroup: CLONE_NEWCGROUP,
  ipc: CLONE_NEWIPC,
  uts: CLONE_NEWUTS,
  net: CLONE_NEWNET,
  pid: CLONE_NEWPID,
  time: CLONE_NEWTIME,
  mount: CLONE_NEWNS,
} as const
type Kind = keyof typeof FLAGS

const OPTIONS: OptionKeys<NamespacePaths> = {
  user: true,
  cgroup: true,
  ipc: true,
  uts: true,
  net: true,
  pid: true,
  time: true,
  mount: true,
  origin: true,
}

const NAME = 'join namespaces'

/**
 * Namespaces that are there already, by path (OCI's `linux.namespaces[].path`): the container shares them with others.
 * Beside `namespaces`, which makes the rest; a kind is either joined or made. Joined by a process between supervisor and
 * init (`Step.joins`): who is visible inside holds nothing of the host any more.
 *
 * In a joined user namespace init is its root: user and group 0.
 *
 * @throws RtError RT_INVALID_OPTION for a path that is not absolute, and if there is none
 */
export function joinNamespaces(paths: NamespacePaths): Step {
  refuseUnknownOptions('joinNamespaces', paths, OPTIONS)
  const { origin = 'default' } = paths
  const joined = (Object.keys(FLAGS) as Kind[]).flatMap((kind) => {
    const path = paths[kind]
    return path === undefined ? [] : [{ kind, path }]
  })
  refuse(NAME, origin, check(joined))
  return {
    name: NAME,
    why: 'the container shares these with whoever is in them',
    origin,
    joins: true,
    'host.prepare': joined.flatMap(({ kind, path }) => open(kind, path)),
    'init.enter': joined.flatMap(({ kind }) => enter(kind)),
  }
}

function check(joined: readonly { readonly kind: Kind; readonly path: string }[]): Complaint[] {
  if (joined.length === 0) return [{ path: 'namespaces', message: 'none is named' }]
  return joined
    .filter(({ path }) => !path.startsWith('/'))
    .map(({ kind, path }) => ({ path: kind, message: `${JSON.stringify(path)} is no absolute path` }))
}

/** The kernel is asked what kind it is: setns(2) with a flag would say no more than EINVAL. ioctl_ns(2) */
const open = (kind: Kind, path: string): Instruction[] => [
  call('openat', [AT_FDCWD, path, O_RDONLY | O_CLOEXEC], {
    save: kind,
    of: path,
    hints: { ENOENT: 'a namespace lives as long as a process in it, or as its file is bound somewhere' },
  }),
  call('ioctl', [ref(kind), NS_GET_NSTYPE, 0], { save: `type of ${kind}`, onError: { ENOTTY: `no ${kind}` } }),
  branch(ref(`type of ${kind}`), FLAGS[kind], { then: `is ${kind}` }),
  label(`no ${kind}`),
  fail(`${JSON.stringify(path)} is no ${kind} namespace`, `ls -l /proc/PID/ns names the kinds`, 'RT_INVALID_OPTION'),
  label(`is ${kind}`),
]

const enter = (kind: Kind): Instruction[] => [
  call('setns', [ref(kind), FLAGS[kind]], {
    hints: {
      EPERM: 'joining needs CAP_SYS_ADMIN in the user namespace that owns it, and in one’s own',
      EINVAL: 'a user namespace that one is in already can’t be joined',
    },
  }),
  call('close', [ref(kind)]),
  ...(kind === 'user'
    ? [
        // Where the namespace denies setgroups(2) the caller's groups stay, as everywhere.
        call('setgroups', [0, null], { tolerate: ['EPERM'] }),
        call('setresgid', [0, 0, 0], { hints: { EINVAL: 'the user namespace maps no group 0' } }),
        call('setresuid', [0, 0, 0], { hints: { EINVAL: 'the user namespace maps no user 0' } }),
      ]
    : []),
]
