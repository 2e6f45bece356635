import { type Check, fail, type Host, ok, warn } from './check.js'

/** A plain user needs them; root only for --userns. */
const problem = (host: Host) => (host.uid === 0 ? warn : fail)

/** User namespaces, and the four things that forbid them. */
export function userNamespaceCheck(host: Host): Check {
  const name = 'user namespaces'
  const bad = problem(host)
  const setting = (path: string): string | undefined => host.read(`/proc/sys/${path}`)?.trim()
  if (!host.exists('/proc/self/ns/user')) {
    return bad(name, 'this kernel is built without them', 'use a kernel with CONFIG_USER_NS')
  }
  if (setting('user/max_user_namespaces') === '0') {
    return bad(name, 'user.max_user_namespaces is 0', 'sysctl -w user.max_user_namespaces=15000')
  }
  if (isChrooted(host)) {
    return bad(name, 'this process is chrooted, and the kernel refuses them then', 'run rt outside the chroot')
  }
  const forPlainUsers = (finding: string, remedy: string): Check =>
    host.uid === 0 ? warn(name, `for root only: ${finding}`, remedy) : fail(name, finding, remedy)
  if (setting('kernel/unprivileged_userns_clone') === '0') {
    return forPlainUsers(
      'kernel.unprivileged_userns_clone is 0 (Debian)',
      'sysctl -w kernel.unprivileged_userns_clone=1',
    )
  }
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return forPlainUsers(
      'kernel.apparmor_restrict_unprivileged_userns is 1 (Ubuntu 23.10 and later)',
      'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with "userns," for node',
    )
  }
  return ok(name, `allowed, up to ${setting('user/max_user_namespaces') ?? 'any number'}`)
}

/** After chroot into a plain directory, no mount of the table is on `/`. */
function isChrooted(host: Host): boolean {
  const table = host.read('/proc/self/mountinfo')
  return table !== undefined && !table.split('\n').some((line) => line.split(' ')[4] === '/')
}

/** A user's range of ids for containers, and the two setuid programs that may map them. */
export function subordinateIdCheck(host: Host): Check {
  const name = 'subuid, subgid'
  const tools = ['newuidmap', 'newgidmap'].filter(
    (tool) => !['/usr/bin', '/bin', '/usr/local/bin'].some((folder) => host.exists(`${folder}/${tool}`)),
  )
  const files = ['/etc/subuid', '/etc/subgid'].filter((file) => rangeOf(host, file) === undefined)
  const meaning = '--userns auto has no ids to map'
  if (files.length) {
    return warn(
      name,
      `no range for ${host.userName} in ${files.join(' and ')}: ${meaning}`,
      `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${host.userName}`,
    )
  }
  if (tools.length && host.uid !== 0) {
    return warn(
      name,
      `${tools.join(' and ')} missing: ${meaning}`,
      'apt-get install uidmap (Debian, Ubuntu), or shadow-utils',
    )
  }
  return ok(name, `${host.userName} has ${rangeOf(host, '/etc/subuid')} ids`)
}

/** How many ids the file gives the user, by name or number: `name:first:count`, see subuid(5). */
function rangeOf(host: Host, file: string): number | undefined {
  for (const line of host.read(file)?.split('\n') ?? []) {
    const [owner, , count] = line.split(':')
    if ((owner === host.userName || owner === String(host.uid)) && Number(count) > 0) return Number(count)
  }
  return undefined
}
