import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { findControllers, type Use, whyClosed } from './availability.js'
import { encodeBpf } from './bpf.js'
import { type OptionNames, refuse } from './complaints.js'
import type { ReadFile } from './controller.js'
import { deviceProgram } from './device-program.js'
import { type Group, groupsOf } from './group-path.js'
import type { CgroupHost } from './host.js'
import { parseResources } from './parse-resources.js'
import type { Limits, Resources } from './resources.js'
import { controllerOfFile, unifiedWrites } from './v2/unified.js'

/** One thing to do on the way to a group with its limits, in the kernel's order. */
export type Action =
  /** mkdir the parents that are missing and mark them as made by rt, then the group. */
  | ({ readonly kind: 'make' } & Group)
  /** Copy a cpuset file from the parent's if the group's own is empty. v1 only. */
  | { readonly kind: 'inherit'; readonly file: string; readonly from: string; readonly to: string }
  | {
      readonly kind: 'write'
      readonly directory: string
      readonly file: string
      readonly value: string
      /** The resource that asked, by the name its asker knows; absent: what makes others possible. */
      readonly option?: string
      /** A failure is no reason to stop: nobody asked for it, it only makes statistics better. */
      readonly optional?: true
    }
  /** Attach a BPF program that decides about devices. v2 only. */
  | { readonly kind: 'devices'; readonly directory: string; readonly program: Uint8Array }

/** How to make a group: data that both the join step and {@link Cgroup} carry out. */
export interface Creation {
  readonly path: string
  readonly groups: readonly Group[]
  readonly actions: readonly Action[]
}

/** Controllers that are worth having for their statistics alone; enabled where they are, missing they are missed. */
const FOR_STATISTICS = ['memory', 'pids', 'cpu', 'io']

/**
 * Controllers are enabled for a group in cgroup.subtree_control of its parents, from the top down. They stay enabled:
 * others may have come to rely on them.
 */
function enable({ hierarchy, parents }: Group, needed: ReadonlySet<string>): Action[] {
  const extra = FOR_STATISTICS.filter((name) => hierarchy.controllers.includes(name) && !needed.has(name))
  const write = (directory: string, names: readonly string[], optional?: true): Action => ({
    kind: 'write',
    directory,
    file: 'cgroup.subtree_control',
    value: names.map((name) => `+${name}`).join(' '),
    ...(optional ? { optional } : {}),
  })
  return [hierarchy.top as string, ...parents].flatMap((directory) => [
    ...(needed.size > 0 ? [write(directory, [...needed])] : []),
    // One by one: a write with several is all or nothing.
    ...extra.map((name) => write(directory, [name], true)),
  ])
}

/** v1's cpusets start empty, and nobody can join an empty one. */
function inherit({ hierarchy, parents, directory }: Group, { cpuset }: Limits): Action[] {
  const way = [hierarchy.top as string, ...parents, directory]
  return (['cpus', 'mems'] as const).flatMap((name) =>
    way.slice(1).flatMap((to, i): Action[] => {
      if (to === directory && cpuset?.[name] !== undefined) return []
      return [{ kind: 'inherit', file: `cpuset.${name}`, from: way[i] as string, to }]
    }),
  )
}

/** What a {@link Creation} can be told besides path and resources. */
export interface CreationOptions {
  /** The option that asked for the group: `--cgroup-parent /rt`. */
  readonly origin?: string | undefined
  /** The options by which a user asked for limits, by the resource's path: `{ 'pids.max': '--pids-limit 64' }`. */
  readonly names?: OptionNames | undefined
}

const OPTIONS: OptionKeys<CreationOptions> = { origin: true, names: true }

/**
 * How to make the group `path` with these resources on this host. Pure: nothing is looked at but the arguments.
 *
 * @param readerOf for a group that exists: reads its files, where an order depends on what they say
 * @throws RtError RT_INVALID_OPTION for a wrong path or wrong resources; RT_PERMISSION if no hierarchy can be written;
 *   RT_UNSUPPORTED with a complaint for every limit that this host can't set, and why
 */
export function planCreation(
  host: CgroupHost,
  path: string,
  resources: Resources,
  options: CreationOptions = {},
  readerOf?: (directory: string) => ReadFile,
): Creation {
  refuseUnknownOptions('planCreation', options, OPTIONS)
  const { origin, names } = options
  const limits = parseResources(resources, names)
  const groups = groupsOf(host, path, origin)
  const { uses, complaints } = findControllers(limits, host)
  refuse('RT_UNSUPPORTED', 'this host cannot set all the limits that are asked for', complaints, names)
  if (groups.length === 0) {
    const [first] = host.hierarchies
    throw new RtError(first ? 'RT_PERMISSION' : 'RT_UNSUPPORTED', `cannot make the cgroup ${JSON.stringify(path)}`, {
      origin,
      hint: first
        ? whyClosed(host.hierarchies.find(({ version }) => version === 2) ?? first)
        : 'no cgroup file system is mounted',
    })
  }
  return { path, groups, actions: groups.flatMap((group) => actionsFor(group, limits, uses, names, readerOf)) }
}

function actionsFor(
  group: Group,
  limits: Limits,
  allUses: readonly Use[],
  names: OptionNames = {},
  readerOf?: (directory: string) => ReadFile,
): Action[] {
  const { hierarchy, directory } = group
  const uses = allUses.filter((use) => use.hierarchy === hierarchy)
  const writes = uses.flatMap(({ controller }) => controller.set(limits, hierarchy, readerOf?.(directory)))
  const actions: Action[] = [{ kind: 'make', ...group }]
  if (hierarchy.version === 2) {
    const unified = unifiedWrites(limits)
    const needed = new Set(uses.map(({ controller }) => controller.name).filter((name) => name !== 'devices'))
    for (const { file } of unified) {
      const controller = controllerOfFile(file)
      if (controller !== undefined) needed.add(controller)
    }
    actions.push(...enable(group, needed))
    writes.push(...unified)
  }
  if (hierarchy.version === 1 && hierarchy.controllers.includes('cpuset')) actions.push(...inherit(group, limits))
  for (const { file, value, option } of writes) {
    actions.push({ kind: 'write', directory, file, value, option: names[option] ?? option })
  }
  if (hierarchy.version === 2 && uses.some(({ controller }) => controller.name === 'devices')) {
    actions.push({ kind: 'devices', directory, program: encodeBpf(deviceProgram(limits.devices ?? [])) })
  }
  return actions
}
