import { reader } from '../group/group-files.js'
import type { Group } from '../group/group-path.js'
import type { PartialStats, ReadFile } from '../resources/controller.js'
import type { CgroupStats } from '../resources/stats.js'
import { V1 } from '../v1/index.js'
import { V2 } from '../v2/index.js'

/** The parts that one hierarchy knows. */
function statsIn({ hierarchy }: Group, read: ReadFile): PartialStats[] {
  const controllers = hierarchy.version === 1 ? V1 : V2
  return controllers
    .filter(
      ({ name }) =>
        hierarchy.controllers.includes(name) ||
        // v2 counts CPU time in every group, controller or not.
        (hierarchy.version === 2 && name === 'cpu'),
    )
    .map(({ stat }) => stat?.(read) ?? {})
}

/** What a group uses, put together from all hierarchies. */
export function groupStats(groups: readonly Group[]): CgroupStats {
  // v2 first: where both versions count CPU time, the controller's own hierarchy has the last word.
  const ordered = groups.toSorted((a, b) => b.hierarchy.version - a.hierarchy.version)
  const parts = ordered.flatMap((group) => statsIn(group, reader(group.directory)))
  const cpu = Object.assign({}, ...parts.map((part) => part.cpu)) as NonNullable<PartialStats['cpu']>
  const { cpu: _, ...others } = Object.assign({}, ...parts) as PartialStats
  const { usage, user, system } = cpu
  return {
    ...others,
    ...(usage === undefined || user === undefined || system === undefined
      ? {}
      : { cpu: { ...cpu, usage, user, system } }),
  }
}
