import { type Complaint, type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { encodeBpf } from '../devices/bpf.js'
import { deviceProgram } from '../devices/device-program.js'
import { type Group, groupsOf } from '../group/group-path.js'
import { whyClosed } from '../host/absence.js'
import type { CgroupHost } from '../host/host.js'
import { type OptionNames, refuse } from '../resources/complaints.js'
import type { FileValue, ReadFile } from '../resources/controller.js'
import type { FieldPath } from '../resources/field-path.js'
import { parseResources } from '../resources/parse-resources.js'
import type { Limits, Resources } from '../resources/resources.js'
import { V1 } from '../v1/index.js'
import { V2 } from '../v2/index.js'
import { controllerOfFile, unifiedWrites } from '../v2/unified.js'
import { findFields, type Use } from './availability.js'
import { fieldValue } from './fields.js'

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
  /**
   * Fields that nobody asked for by name, such as `memory.swap` where it follows from `memory.max`: left out where this
   * host or the kernel can't do them, where one that was asked for is an error.
   */
  readonly optional?: readonly FieldPath[] | undefined
}

const OPTIONS: OptionKeys<CreationOptions> = { origin: true, names: true, optional: true }

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
  const { origin, names, optional } = options
  const limits = parseResources(resources, names)
  const groups = groupsOf(host, path, origin)
  const { uses, complaints } = findFields(limits, host, optional)
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
  const files = groups.map((group) => filesFor(group, limits, uses, readerOf?.(group.directory)))
  const actions = groups.flatMap((group, i) => actionsFor(group, limits, uses, files[i] ?? [], { names, optional }))
  refuse('RT_UNSUPPORTED', 'not all the limits that are asked for can be set', dropped(uses, files.flat()), names)
  return { path, groups, actions }
}

/** Fields that no file carries: whatever the controllers' files forget is a complaint, never a limit left out. */
function dropped(uses: readonly Use[], files: readonly FileValue[]): Complaint[] {
  const carried = new Set(files.flatMap(({ option, also = [] }) => [option, ...also]))
  const isCarried = (path: FieldPath) =>
    [...carried].some((option) => option === path || option.startsWith(`${path}.`) || option.startsWith(`${path}[`))
  return uses
    .filter(({ path, controller }) => controller !== undefined && !isCarried(path))
    .map(({ path }) => ({ path, message: 'nothing was found to carry it out' }))
}

/** The files to write in one hierarchy, but v2's raw ones. */
function filesFor({ hierarchy }: Group, limits: Limits, uses: readonly Use[], read: ReadFile | undefined): FileValue[] {
  const mine = uses.filter((use) => use.hierarchy === hierarchy)
  const asked = only(
    limits,
    mine.map(({ path }) => path),
  )
  return (hierarchy.version === 1 ? V1 : V2)
    .filter(({ name }) => mine.some(({ controller }) => controller === name))
    .flatMap(({ set }) => set(asked, hierarchy, read))
}

/** The limits without the fields that are carried out elsewhere, or nowhere. */
function only(limits: Limits, paths: readonly FieldPath[]): Limits {
  const kept: Record<string, unknown> = {}
  for (const path of paths) {
    const [part, name] = path.split('.') as [string, string | undefined]
    if (name === undefined) kept[part] = fieldValue(limits, path)
    else kept[part] = { ...(kept[part] as object | undefined), [name]: fieldValue(limits, path) }
  }
  return kept
}

function actionsFor(
  group: Group,
  limits: Limits,
  allUses: readonly Use[],
  files: readonly FileValue[],
  { names = {}, optional = [] }: Pick<CreationOptions, 'names' | 'optional'>,
): Action[] {
  const { hierarchy, directory } = group
  const uses = allUses.filter((use) => use.hierarchy === hierarchy)
  const asks = (path: FieldPath) => uses.some((use) => use.path === path)
  const writes = [...files]
  const actions: Action[] = [{ kind: 'make', ...group }]
  if (hierarchy.version === 2) {
    const unified = asks('unified') ? unifiedWrites(limits) : []
    const needed = new Set(uses.flatMap(({ controller }) => controller ?? []))
    for (const { file } of unified) {
      const controller = controllerOfFile(file)
      if (controller !== undefined) needed.add(controller)
    }
    actions.push(...enable(group, needed))
    writes.push(...unified)
  }
  if (hierarchy.version === 1 && hierarchy.controllers.includes('cpuset')) actions.push(...inherit(group, limits))
  for (const { file, value, option } of writes) {
    actions.push({
      kind: 'write',
      directory,
      file,
      value,
      option: names[option] ?? option,
      ...(optional.some((path) => path === option) ? { optional: true } : {}),
    })
  }
  if (hierarchy.version === 2 && asks('devices')) {
    actions.push({ kind: 'devices', directory, program: encodeBpf(deviceProgram(limits.devices ?? [])) })
  }
  return actions
}
