import {
  branch,
  buffer,
  CLONE,
  call,
  clone,
  decimal,
  decimalText,
  fail,
  type Instruction,
  label,
  ref,
  type Step,
  type Value,
  vector,
} from '@rt/program'
import {
  AT_FDCWD,
  CLONE_VFORK,
  type Complaint,
  NOT_FOUND,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_WRONLY,
  PR_SET_DUMPABLE,
  SIGNALS,
} from '@rt/sys'
import { verifyProc } from '../instructions/verify.js'
import { checkIdMap, firstId, type IdMapping, idMapText } from './id-map.js'

/** A user namespace: who the ids inside are outside; user_namespaces(7). */
export interface UserNamespace {
  readonly uidMap: readonly IdMapping[]
  readonly gidMap: readonly IdMapping[]
  /**
   * Who writes the maps.
   *
   * - `self`: init, the one id of whoever started it. Needs no privilege and no helper.
   * - `newuidmap`: newuidmap(1) and newgidmap(1), setuid programs that grant the ranges of /etc/subuid and /etc/subgid.
   * - `supervisor`: the supervisor, any ranges. Needs CAP_SETUID and CAP_SETGID outside: root.
   */
  readonly how: 'self' | 'newuidmap' | 'supervisor'
  /**
   * Whether setgroups(2) is allowed inside; default `deny` for `self` (the kernel demands it: a group can also take
   * rights away), else `allow`.
   */
  readonly setgroups?: 'allow' | 'deny'
  /** Absolute paths of the helpers; default /usr/bin/newuidmap and /usr/bin/newgidmap. */
  readonly helpers?: { readonly newuidmap: string; readonly newgidmap: string }
}

const HELPERS = { newuidmap: '/usr/bin/newuidmap', newgidmap: '/usr/bin/newgidmap' }
const WORD32 = 0xffffffff

export function checkUserNamespace(user: UserNamespace): Complaint[] {
  const complaints = [...checkIdMap('user.uidMap', user.uidMap), ...checkIdMap('user.gidMap', user.gidMap)]
  if (user.how !== 'self') return complaints
  for (const key of ['uidMap', 'gidMap'] as const) {
    const map = user[key]
    if (map.length > 1 || map.some(({ size }) => size > 1)) {
      complaints.push({ path: `user.${key}`, message: 'init alone can map only one id, its own' })
    }
  }
  if (user.setgroups === 'allow') {
    complaints.push({ path: 'user.setgroups', message: 'expected "deny": a map that init writes itself demands it' })
  }
  return complaints
}

/** The phases that a user namespace adds to the namespaces step. */
export function userNamespacePhases(user: UserNamespace): Pick<Step, 'host.prepare' | 'meets' | 'init.enter'> {
  const become: Instruction[] = [
    call('setresgid', ids(firstId(user.gidMap)), { why: 'the ids inside' }),
    ...(user.setgroups === 'deny'
      ? []
      : [call('setgroups', [0, null], { why: 'the groups of outside are no concern' })]),
    call('setresuid', ids(firstId(user.uidMap))),
  ]
  switch (user.how) {
    case 'self':
      return { 'init.enter': [setDumpable(1), ...writeOwnMaps(user), setDumpable(0)] }
    case 'supervisor':
      return { meets: [{ at: 'init.enter', host: writeMapsOfInit(user) }], 'init.enter': become }
    case 'newuidmap': {
      const { newuidmap, newgidmap } = user.helpers ?? HELPERS
      return {
        // The helpers demand that /proc/PID belongs to their caller: init is born dumpable and hides after the gate.
        'host.prepare': [setDumpable(1)],
        meets: [
          {
            at: 'init.enter',
            host: [
              ...decimal('pid', ref(CLONE)),
              ...helper('newuidmap', newuidmap, user.uidMap, '/etc/subuid'),
              ...helper('newgidmap', newgidmap, user.gidMap, '/etc/subgid'),
              setDumpable(0),
            ],
          },
        ],
        'init.enter': [setDumpable(0), ...become],
      }
    }
  }
}

const ids = (id: number): Value[] => [id, id, id]

const setDumpable = (dumpable: 0 | 1): Instruction =>
  call('prctl', [PR_SET_DUMPABLE, dumpable, 0, 0, 0], {
    why: dumpable
      ? 'what lies in /proc about a process that is not dumpable belongs to root'
      : 'no process of the container may trace or read this one',
  })

/** One file below the directory of a process in /proc. */
const writeFile = (directory: string, file: string, text: string): Instruction[] => [
  call('openat', [ref(directory), file, O_WRONLY | O_CLOEXEC], { save: 'file', of: file }),
  call('write', [ref('file'), text, Buffer.byteLength(text)], { of: file }),
  call('close', [ref('file')]),
]

const writeMaps = (directory: string, user: UserNamespace): Instruction[] => [
  ...(user.how === 'self' || user.setgroups === 'deny' ? writeFile(directory, 'setgroups', 'deny') : []),
  ...writeFile(directory, 'uid_map', idMapText(user.uidMap)),
  ...writeFile(directory, 'gid_map', idMapText(user.gidMap)),
]

const writeOwnMaps = (user: UserNamespace): Instruction[] => [
  call('openat', [AT_FDCWD, '/proc/self', O_PATH | O_DIRECTORY | O_CLOEXEC], { save: 'self', of: '/proc/self' }),
  ...verifyProc('self'),
  ...writeMaps('self', user),
  call('close', [ref('self')]),
]

const writeMapsOfInit = (user: UserNamespace): Instruction[] => [
  ...decimal('pid', ref(CLONE)),
  call('openat', [AT_FDCWD, '/proc', O_PATH | O_DIRECTORY | O_CLOEXEC], { save: 'proc', of: '/proc' }),
  ...verifyProc('proc'),
  call('openat', [ref('proc'), decimalText('pid'), O_PATH | O_DIRECTORY | O_CLOEXEC], { save: 'init', of: 'init' }),
  ...writeMaps('init', user),
  call('close', [ref('init')]),
  call('close', [ref('proc')]),
]

/** Run newuidmap(1) or newgidmap(1) from the supervisor and wait for it. It says on stderr what it refuses. */
function helper(name: string, file: string, map: readonly IdMapping[], table: string): Instruction[] {
  const ranges = map.flatMap(({ containerID, hostID, size }) => [containerID, hostID, size].map(String))
  const [status, done] = [`${name}.status`, `${name}.done`]
  return [
    clone('clone', [CLONE_VFORK | SIGNALS.SIGCHLD, 0, 0, 0, 0], name, {
      save: name,
      why: `to run ${name}`,
      child: [
        call('execve', [file, vector([name, decimalText('pid'), ...ranges]), vector([])], { tolerate: 'any' }),
        call('exit_group', [NOT_FOUND]),
      ],
    }),
    call('wait4', [ref(name), buffer(status, 8), 0, null]),
    branch(ref(status), 0, { mask: WORD32, then: done }),
    branch(ref(status), NOT_FOUND << 8, { mask: WORD32, else: `${name}.refused` }),
    fail(
      `cannot execute "${file}"`,
      'install newuidmap and newgidmap (Debian: apt install uidmap), or map one id only',
    ),
    label(`${name}.refused`),
    fail(`${name} refused the map`, `give the user these ranges in ${table}: usermod --add-subuids, --add-subgids`),
    label(done),
  ]
}
