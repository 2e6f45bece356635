import { parseSubordinateIds, userNamespaceObstacles } from '@rt/mountns'
import { type Check, fail, type Host, ok, warn } from './check.js'

/** User namespaces, and what forbids them. A plain user can't do without; root needs them for --userns only. */
export function userNamespaceCheck(host: Host): Check {
  const name = 'user namespaces'
  const [obstacle, ...more] = userNamespaceObstacles(host.read)
  if (!obstacle) {
    const most = host.read('/proc/sys/user/max_user_namespaces')?.trim()
    return ok(name, most === undefined ? 'allowed' : `allowed, up to ${most}`)
  }
  const finding = [obstacle, ...more].map(({ what, found }) => `${what}: ${found}`).join(', ')
  return (host.uid === 0 ? warn : fail)(name, finding, obstacle.remedy)
}

const FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin']

/** A user's range of ids for containers, and the two setuid programs that may map them. */
export function subordinateIdCheck(host: Host): Check {
  const name = 'subuid, subgid'
  const { uid, userName } = host
  const granted = (file: string): number =>
    parseSubordinateIds(host.read(file) ?? '', { name: userName, uid }).reduce((sum, { count }) => sum + count, 0)
  const without = ['/etc/subuid', '/etc/subgid'].filter((file) => granted(file) === 0)
  if (without.length > 0) {
    return warn(
      name,
      `no range for ${userName} in ${without.join(' and ')}: --userns auto has no ids to map`,
      `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${userName}`,
    )
  }
  const missing = ['newuidmap', 'newgidmap'].filter(
    (tool) => !FOLDERS.some((folder) => host.exists(`${folder}/${tool}`)),
  )
  if (missing.length > 0 && uid !== 0) {
    const remedy = 'apt-get install uidmap (Debian, Ubuntu), or the package with newuidmap (shadow-utils)'
    return warn(name, `${missing.join(' and ')} missing: nobody may map the ids of /etc/subuid`, remedy)
  }
  return ok(name, `${userName} has ${granted('/etc/subuid')} ids`)
}
