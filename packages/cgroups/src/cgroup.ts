import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { type CreationOptions, planCreation } from './create/plan-creation.js'
import { exists, processesIn, reader, writeGroupFile } from './group/group-files.js'
import { type Group, groupsOf } from './group/group-path.js'
import { detectCgroups } from './host/detect-cgroups.js'
import type { CgroupHost } from './host/host.js'
import { perform } from './perform.js'
import { removeGroup } from './remove/remove-group.js'
import type { Resources } from './resources/resources.js'
import type { CgroupStats } from './resources/stats.js'
import { type OomKill, oomKills } from './watch/events.js'
import { setFrozen } from './watch/freezer.js'
import { groupStats } from './watch/group-stats.js'
import { killGroup } from './watch/kill-group.js'
import { isPopulated, waitEmpty } from './watch/wait-empty.js'

/** What can be waited for can be given up: the signal's reason is thrown (by default an error named AbortError). */
export interface Waiting {
  readonly signal?: AbortSignal | undefined
}

const WAITING: OptionKeys<Waiting> = { signal: true }

function signalOf(method: string, options: Waiting): AbortSignal | undefined {
  refuseUnknownOptions(method, options, WAITING)
  return options.signal
}

/**
 * A group of processes by its path, the same in every hierarchy that this process can write. The object holds no
 * state but the path: two objects, or two programs, can use the same group.
 */
export class Cgroup implements AsyncDisposable {
  /** Beneath {@link Hierarchy.top}: `/rt/demo`. */
  readonly path: string
  readonly host: CgroupHost
  private readonly groups: readonly Group[]

  /** @throws RtError RT_INVALID_OPTION for a wrong path */
  constructor(path: string, host: CgroupHost = detectCgroups()) {
    this.path = path
    this.host = host
    this.groups = groupsOf(host, path)
  }

  /** Its directory in each hierarchy. */
  get directories(): string[] {
    return this.groups.map(({ directory }) => directory)
  }

  /**
   * Make the group and set limits. A group that exists is fine; it gets the limits. If something fails, what this call
   * made is removed again. Everything that can be refused is refused before anything is made.
   *
   * @throws RtError RT_INVALID_OPTION, RT_UNSUPPORTED, RT_PERMISSION as {@link join}; SyscallError of the write that
   *   failed, naming file and value
   */
  async create(resources: Resources = {}, options: CreationOptions = {}): Promise<void> {
    await perform(planCreation(this.host, this.path, resources, options).actions)
  }

  /**
   * Set limits of a group that exists, with processes in it or not. Fields that are undefined stay as they are. Limits
   * are written one after the other: if one is refused, those before it stand.
   *
   * @throws as {@link create}; SyscallError EBUSY for a v1 memory limit below what is used
   */
  async set(resources: Resources, options: CreationOptions = {}): Promise<void> {
    const { actions } = planCreation(this.host, this.path, resources, options, reader)
    await perform(actions.filter(({ kind }) => kind === 'write' || kind === 'devices'))
  }

  /**
   * Move a process, with all its threads, into the group.
   *
   * @param pid as this process sees it
   * @throws SyscallError ESRCH if it is gone
   */
  async add(pid: number): Promise<void> {
    if (!Number.isInteger(pid) || pid <= 0) {
      throw new RtError('RT_INVALID_OPTION', `expected the pid of a process, got ${pid}`)
    }
    for (const { directory } of this.groups) await writeGroupFile(directory, 'cgroup.procs', String(pid))
  }

  /** Processes in it and in groups below it; 0 for those that this pid namespace doesn't show. */
  processes(): number[] {
    return [...new Set(this.directories.flatMap(processesIn))]
  }

  isPopulated(): boolean {
    return isPopulated(this.groups)
  }

  /**
   * What it uses now. Parts are absent where the controller is.
   *
   * @throws RtError RT_NOT_FOUND if there is no such group in any hierarchy: it was removed, or never made
   */
  stats(): CgroupStats {
    if (!this.directories.some(exists)) {
      throw new RtError('RT_NOT_FOUND', `there is no cgroup ${JSON.stringify(this.path)}`, {
        hint: 'it is removed when its container has ended: ask before that, or join it with keep',
      })
    }
    return groupStats(this.groups)
  }

  /**
   * Stop all its processes; resolves when they stand still.
   *
   * @throws RtError RT_UNSUPPORTED without a freezer; SyscallError ENOENT if there is no such group
   */
  async freeze(options: Waiting = {}): Promise<void> {
    await setFrozen(this.groups, true, signalOf('freeze', options))
  }

  /** Let them run again. @throws as {@link freeze} */
  async thaw(options: Waiting = {}): Promise<void> {
    await setFrozen(this.groups, false, signalOf('thaw', options))
  }

  /**
   * SIGKILL to all its processes, frozen ones too; resolves when none is left.
   *
   * @throws RtError RT_BUSY if some don't die within two seconds
   */
  async kill(options: Waiting = {}): Promise<void> {
    await killGroup(this.groups, signalOf('kill', options))
  }

  /** Resolves when no process is in it or below it. */
  async waitEmpty(options: Waiting = {}): Promise<void> {
    await waitEmpty(this.groups, signalOf('waitEmpty', options))
  }

  /**
   * OOM kills in the group, those that happened before included. Ends when the group is removed.
   *
   * @throws RtError RT_UNSUPPORTED without a memory controller
   */
  events(options: Waiting = {}): AsyncGenerator<OomKill> {
    return oomKills(this.host, this.groups, signalOf('events', options))
  }

  /**
   * Remove it, the groups below it, and parents that rt made if they are empty now. A group that is gone already is no
   * error.
   *
   * @throws RtError RT_BUSY if processes are in it, after two seconds
   */
  async remove(): Promise<void> {
    await removeGroup(this.groups)
  }

  /** `await using`: {@link kill}, then {@link remove}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.remove()
  }
}

/**
 * A group by its path; nothing is made yet.
 *
 * @param host default: {@link detectCgroups}
 * @throws RtError RT_INVALID_OPTION for a wrong path
 */
export const cgroup = (path: string, host?: CgroupHost): Cgroup => new Cgroup(path, host)
