import { RtError } from '@rt/sys'
import { exists, reader, writeGroupFile } from '../group/group-files.js'
import type { Group } from '../group/group-path.js'
import { ticks } from '../group/ticks.js'
import type { VersionFreezer } from '../group/version-freezer.js'
import { freezer as v1 } from '../v1/freezer.js'
import { freezer as v2 } from '../v2/freezer.js'

/**
 * Where and how to freeze: by v2 if the group is there, which can still be killed while frozen, else by v1. Undefined
 * if neither is to be had on this host.
 */
export function freezerOf(groups: readonly Group[]): { freezer: VersionFreezer; directory: string } | undefined {
  const able = groups.filter(({ hierarchy }) => hierarchy.version === 2 || hierarchy.controllers.includes('freezer'))
  const there = able.filter(({ directory }) => exists(directory))
  // Where nothing is there, the write that follows says so.
  const group = there.find(({ hierarchy }) => hierarchy.version === 2) ?? there[0] ?? able[0]
  return group && { freezer: group.hierarchy.version === 2 ? v2 : v1, directory: group.directory }
}

/**
 * Freeze or thaw, and wait until it is done.
 *
 * @throws RtError RT_UNSUPPORTED without a freezer; SyscallError; the signal's reason
 */
export async function setFrozen(groups: readonly Group[], frozen: boolean, signal?: AbortSignal): Promise<void> {
  const place = freezerOf(groups)
  if (!place) {
    throw new RtError('RT_UNSUPPORTED', 'this host cannot freeze a cgroup', {
      hint: 'no freezer controller in any mounted hierarchy, and no cgroup v2',
    })
  }
  const { freezer, directory } = place
  const read = reader(directory)
  const file = freezer.watched && `${directory}/${freezer.watched}`
  for await (const _ of ticks({ file, interval: freezer.interval, signal })) {
    // Written again at every look: v1 forgets processes that forked or came while it was freezing.
    await writeGroupFile(directory, freezer.file, frozen ? freezer.frozen : freezer.thawed)
    if (freezer.isFrozen(read) === frozen) return
  }
}
