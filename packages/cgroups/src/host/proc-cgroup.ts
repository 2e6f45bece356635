/** The group of a process in one hierarchy. */
export interface Membership {
  /** 0 is the unified hierarchy (v2). */
  readonly hierarchy: number
  readonly controllers: readonly string[]
  /** `systemd` of `name=systemd`. */
  readonly name?: string
  /** As seen from this process's cgroup namespace: starts with `/..` for a group outside it. */
  readonly path: string
}

/**
 * The groups of a process, see cgroups(7).
 *
 *     4:cpu,cpuacct:/user.slice        hierarchy, its controllers, path
 *     1:name=systemd:/user.slice       a named hierarchy
 *     0::/user.slice                   v2
 *
 * @param text of /proc/PID/cgroup
 */
export function parseProcCgroup(text: string): Membership[] {
  return text.split('\n').flatMap((line) => {
    // A path may hold colons; the first two fields cannot.
    const match = /^(\d+):([^:]*):(.*)$/.exec(line)
    if (!match) return []
    const [, id, list = '', path = ''] = match
    const fields = list === '' ? [] : list.split(',')
    const name = fields.find((field) => field.startsWith('name='))?.slice(5)
    return [
      {
        hierarchy: Number(id),
        controllers: fields.filter((field) => !field.startsWith('name=')),
        ...(name === undefined ? {} : { name }),
        // The kernel says so of a process whose group was removed.
        path: path.replace(/ \(deleted\)$/, ''),
      },
    ]
  })
}
