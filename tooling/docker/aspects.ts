import type { MountInfo } from '@rt/sys'
import type { Aspect, Seen } from './aspect.js'

const code = (text: string): string => `\`${text}\``
const codes = (words: readonly string[]): string => (words.length ? words.map(code).join(' ') : 'none')
const lines = (text: string): string[] => text.trim().split('\n').filter(Boolean)
/** One line of /proc/self/status. */
const status = (seen: Seen, name: string): string => seen.inside(`grep '^${name}:' /proc/self/status | cut -f2`).trim()

const UNCONFINED = ['--security-opt', 'seccomp=unconfined']

/** procfs and sysfs hidden by something empty. */
const isMask = ({ mountPoint, type }: MountInfo): boolean =>
  /^\/(proc|sys)\//.test(mountPoint) && !/^(proc|sysfs|cgroup2?)$/.test(type)
/** A part of procfs or sysfs, or all of it, that can't be written. */
const isReadOnly = ({ type, options }: MountInfo): boolean => /^(proc|sysfs)$/.test(type) && options.includes('ro')

/** How many files there open for writing, which writes nothing: root's access(2) would only look at modes. */
const writable = (seen: Seen, directory: string): string =>
  seen
    .inside(`find ${directory} -type f -exec sh -c 'for f; do (: >>"$f") 2>/dev/null && echo; done' x {} + | wc -l`)
    .trim()

const bits = (mask: string): number => [...BigInt(`0x${mask}`).toString(2)].filter((bit) => bit === '1').length

/** What of a table of cgroups is not the caller's. */
function ownGroups({ groups }: Seen): string {
  const table = (text: string) =>
    new Map(lines(text).map((line) => [line.split(':')[1], line.split(':').slice(2).join(':')]))
  const callers = table(groups.callers)
  const own = [...table(groups.own)]
  const shared = own.filter(([name, path]) => callers.get(name) === path).map(([name]) => name || 'cgroup2')
  return `${own.length - shared.length} of ${own.length}${shared.length ? `, not ${codes(shared)}` : ''}`
}

const STREAMS = 'for fd in 0 1 2; do link=$(readlink /proc/$$/fd/$fd); echo $link; done'

/** What SECURITY.md compares, in the order of the table. */
export const ASPECTS: readonly Aspect[] = [
  {
    title: 'bounding capabilities',
    shown: (seen) => `${bits(status(seen, 'CapBnd'))}: ${code(status(seen, 'CapBnd'))}`,
  },
  {
    title: 'effective, inheritable, ambient',
    shown: (seen) => codes(['CapEff', 'CapInh', 'CapAmb'].map((name) => status(seen, name))),
  },
  {
    title: 'effective of a user (`-u 1000`)',
    shown: (seen) => code(seen.inside('grep ^CapEff: /proc/self/status | cut -f2', '-u', '1000').trim()),
  },
  { title: 'no_new_privs', shown: (seen) => status(seen, 'NoNewPrivs') },
  {
    title: 'filter of system calls',
    shown: (seen) => `mode ${status(seen, 'Seccomp')}, ${status(seen, 'Seccomp_filters')} loaded`,
  },
  {
    title: 'what it answers to calls of an attacker (tooling/fixtures/attackers/refused-calls.c)',
    shown: (seen) => {
      const answers = lines(seen.inside('refused-calls')).map((line) => /^(.*) (\w+)$/.exec(line) as RegExpExecArray)
      const kinds = [...new Set(answers.map(([, , answer]) => answer))].sort()
      const of = (kind: string | undefined) =>
        answers.filter(([, , answer]) => answer === kind).map(([, call]) => call ?? '')
      return kinds.map((kind) => `${kind}: ${codes(of(kind))}`).join('; ')
    },
  },
  {
    title: 'masked paths',
    shown: ({ mounts }) =>
      codes(
        mounts
          .filter(isMask)
          .map(({ mountPoint }) => mountPoint)
          .sort(),
      ),
  },
  {
    title: 'read-only paths of procfs and sysfs',
    shown: ({ mounts }) => codes([...new Set(mounts.filter(isReadOnly).map(({ mountPoint }) => mountPoint))].sort()),
  },
  {
    title: 'entries of /proc, outside the processes’ own, with a mode that root inside can change',
    shown: (seen) => {
      const script = `for f in $(ls -A /proc); do case $f in [0-9]*|self|thread-self|net|mounts) continue;; esac
        mode=$(stat -c %a /proc/$f) && chmod $mode /proc/$f 2>/dev/null && echo $mode; done`
      const modes = lines(seen.inside(script)).map((mode) => Number.parseInt(mode, 8))
      const closed = modes.filter((mode) => (mode & 0o004) === 0 || (mode & 0o222) !== 0)
      return `${modes.length}, of them not open to all or writable: ${closed.length}`
    },
  },
  {
    title: 'keys of whoever calls, without a filter',
    shown: (seen) => {
      const found = lines(seen.inside('read-keyrings', ...UNCONFINED)).filter((line) => line.includes('rt-caller'))
      return found.length ? 'found' : 'none found'
    },
  },
  {
    title: 'keyctl(2) with the filter',
    shown: (seen) => code(lines(seen.inside('read-keyrings'))[0]?.replace(/^session : /, '') ?? ''),
  },
  { title: 'hierarchies of cgroups with a group of its own', shown: ownGroups },
  {
    title: 'files of mounted cgroups that can be written',
    shown: (seen) => writable(seen, '/sys/fs/cgroup'),
  },
  {
    title: 'cgroups that it can mount without a filter, in a user namespace, and how many processes it sees there',
    shown: (seen) => {
      const said = seen.inside(
        'mount-cgroups rt-mark $(sed "s/^[0-9]*:\\([^:]*\\):.*/\\1/; s/^$/cgroup2/" /proc/self/cgroup) </dev/null',
        ...UNCONFINED,
      )
      const found = [...said.matchAll(/ mounted (\d+) (\d+) /g)]
      const foreign = found.filter(([, , count]) => count !== '0').length
      return `${found.length}; in ${foreign} of them others than its own`
    },
  },
  { title: 'umask, where the caller’s is 0077', shown: (seen) => seen.inside('umask').trim() },
  {
    title: 'writable mounts of what the host has mounted, too',
    shown: ({ mounts, hostDevices }) =>
      codes(
        mounts
          .filter(({ device, options }) => hostDevices.has(device) && options.includes('rw'))
          .map(({ mountPoint }) => mountPoint)
          .sort(),
      ),
  },
  {
    title: 'devices',
    shown: (seen) =>
      codes(lines(seen.inside('find /dev \\( -type c -o -type b \\) | sort')).map((path) => path.replace('/dev/', ''))),
  },
  {
    title: 'rules for devices',
    shown: (seen) => codes(lines(seen.inside('sort /sys/fs/cgroup/devices/devices.list'))),
  },
  {
    title: 'writable sysctls',
    shown: (seen) => writable(seen, '/proc/sys'),
  },
  {
    title: '`net.ipv4.ip_unprivileged_port_start`, `ping_group_range`',
    shown: (seen) =>
      codes(
        lines(seen.inside('cd /proc/sys/net/ipv4; cat ip_unprivileged_port_start ping_group_range')).map((line) =>
          line.replace('\t', ' '),
        ),
      ),
  },
  {
    title: 'namespaces of its own',
    shown: (seen) => {
      const script = 'for ns in /proc/self/ns/*; do echo "$(basename $ns) $(readlink $ns)"; done'
      const all = lines(seen.inside(script)).map((line) => line.split(' ') as [string, string])
      const own = all.filter(([name, id]) => !name.includes('_for_') && !seen.callersNamespaces.has(id))
      return codes(own.map(([name]) => name))
    },
  },
  {
    title: 'stdin, stdout, stderr without `-i`',
    shown: (seen) => codes(lines(seen.inside(STREAMS)).map((link) => link.replace(/:.*/, ''))),
  },
  {
    title: 'owner of the pipes, for a user (`-u 1000`)',
    shown: (seen) => codes(lines(seen.inside('for fd in 1 2; do stat -L -c %u /proc/$$/fd/$fd; done', '-u', '1000'))),
  },
  {
    title: 'descriptors above them',
    shown: (seen) => `${lines(seen.inside('ls /proc/$$/fd; true')).filter((fd) => Number(fd) > 2).length}`,
  },
  {
    title: 'session and process group of process 1',
    shown: (seen) => code(seen.inside('cut -d" " -f5,6 /proc/1/stat').trim()),
  },
]
