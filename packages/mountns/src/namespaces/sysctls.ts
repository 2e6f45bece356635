import { call, PROC, ref, type Step, struct } from '@rt/program'
import {
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWUTS,
  type Complaint,
  O_CLOEXEC,
  O_WRONLY,
  OPEN_HOW_SIZE_VER0,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from '@rt/sys'
import { refuse } from '../options/refuse.js'

/** Settings that are a namespace's own; namespaces(7). All others are the host's, whoever writes them. */
const OWNERS: readonly (readonly [pattern: RegExp, namespace: number])[] = [
  [/^net\./, CLONE_NEWNET],
  [/^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$|fs\.mqueue\.)/, CLONE_NEWIPC],
  [/^kernel\.(hostname|domainname)$/, CLONE_NEWUTS],
]

const ownerOf = (name: string): number | undefined => OWNERS.find(([pattern]) => pattern.test(name))?.[1]

/** `/` in a name stands for a dot, as for sysctl(8): `net.ipv4.conf.eth0/1.forwarding`. */
const fileOf = (name: string): string =>
  `sys/${name
    .split('.')
    .map((part) => part.replaceAll('/', '.'))
    .join('/')}`

/**
 * Write settings of the container's own namespaces below /proc/sys; proc_sys(5). Comes after {@link privateProc}, which
 * saves `$proc`.
 *
 * @param settings by name, with dots: `{ 'net.ipv4.ip_unprivileged_port_start': '0' }`
 * @throws RtError RT_INVALID_OPTION for names that are none, or that would change the host
 */
export function sysctls(settings: Readonly<Record<string, string>>, origin = 'default'): Step {
  const name = 'sysctls'
  const entries = Object.entries(settings)
  refuse(name, origin, entries.flatMap(check))
  return {
    name,
    why: 'settings of its own namespaces',
    origin,
    needs: entries.reduce((namespaces, [each]) => namespaces | (ownerOf(each) ?? 0), 0),
    'init.mount': entries.flatMap(([each, value]) => [
      call('openat2', [ref(PROC), fileOf(each), how, OPEN_HOW_SIZE_VER0], {
        save: 'setting',
        of: `/proc/${fileOf(each)}`,
        hints: { ENOENT: `this kernel has no setting ${each}` },
      }),
      call('write', [ref('setting'), value, Buffer.byteLength(value)], {
        hints: { EINVAL: `${JSON.stringify(value)} is no value for ${each}` },
      }),
      call('close', [ref('setting')]),
    ]),
  }
}

const how = struct('open_how', { flags: O_WRONLY | O_CLOEXEC, resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS })

function check([name, value]: readonly [string, string]): Complaint[] {
  const complain = (message: string): Complaint[] => [{ path: name, message }]
  if (!/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_/@:-]+)+$/.test(name) || /\/\/|\.\//.test(name)) {
    return complain(`expected a name such as net.ipv4.ip_forward, got ${JSON.stringify(name)}`)
  }
  if (ownerOf(name) === undefined) return complain('no namespace has it of its own: it would be the host’s setting')
  return value.includes('\0') ? complain('a NUL byte in the value') : []
}
