import { F_DUPFD_CLOEXEC, RESOLVE_BENEATH, RESOLVE_IN_ROOT } from '@rt/sys'
import {
  address,
  type Call,
  type Compute,
  call,
  compute,
  type Instruction,
  type Ref,
  ref,
  type StructValue,
  type Value,
} from '../language/instruction.js'
import { mountWord } from '../language/vocabulary.js'
import { INIT_MOMENTS, type InitMoment, type Plan, type Step } from './plan.js'

/**
 * Lead each look-up that says `beneathMount` to the mount that holds its path: the last one before it, in init's order,
 * that some step attached there or above (`mountedAt`). What a name like "proc" means can change while a container
 * starts, when somebody else can rename in its root directory; what an fd means can't. So a name on which the plan itself
 * has mounted is never resolved again.
 *
 * Beneath a mount, RESOLVE_BENEATH takes the place of RESOLVE_IN_ROOT: an absolute symlink, or one that climbs out, is
 * EXDEV there, since the mount is not the root that it means. A path that no mount of the plan holds is left as it is.
 *
 * A mount's fd that nothing begins at is closed, as its step says.
 */
export function linkMounts(plan: Plan): Plan {
  const known = LINKED.get(plan)
  if (known) return known
  const linked = link(plan)
  LINKED.set(plan, linked)
  return linked
}

/** A plan is often run more than once. */
const LINKED = new WeakMap<Plan, Plan>()

/** Where in the plan a mount is attached; whether a look-up begins at it. */
interface Attached {
  readonly path: string
  readonly moment: InitMoment
  readonly step: number
  readonly index: number
  kept: boolean
}

function link(plan: Plan): Plan {
  const mounts: Attached[] = []
  const steps: Step[] = [...plan.steps]
  for (const moment of INIT_MOMENTS) {
    steps.forEach((step, at) => {
      const holderOf = (path: string): string | undefined => {
        const holder = mounts.findLast((mount) => holds(mount.path, path))
        if (holder) holder.kept = true
        return holder?.path
      }
      const instructions = step[moment]?.map((instruction, index) => {
        if (instruction.kind === 'compute') return linkTable(instruction, holderOf)
        if (instruction.kind !== 'call') return instruction
        if (instruction.mountedAt !== undefined) {
          mounts.push({ path: instruction.mountedAt, moment, step: at, index, kept: false })
        }
        if (!instruction.beneathMount) return instruction
        const holder = holderOf(pathOf(instruction))
        return holder === undefined ? instruction : lookUpBeneath(instruction, holder)
      })
      if (instructions) steps[at] = { ...step, [moment]: instructions }
    })
  }
  for (const { path, moment, step, index, kept } of mounts) {
    const instructions = steps[step]?.[moment] as Instruction[]
    if (kept) instructions[index] = keep(instructions[index] as Call, path)
  }
  return { ...plan, steps }
}

const pathOf = ({ args }: Call): string => {
  const path = args[1] as string
  return path.startsWith('/') ? path : `/${path}`
}

const holds = (directory: string, path: string): boolean =>
  path.startsWith(directory) && (path.length === directory.length || path[directory.length] === '/')

/** The fd stays open: until the exec, or with `apply` in the caller's hands. */
const keep = ({ args }: Call, path: string): Instruction => ({
  ...compute(mountWord(path), args[0] as Ref),
  of: path,
})

function lookUpBeneath({ beneathMount: _, ...lookUp }: Call, mount: string): Call {
  const [, , how, size] = lookUp.args
  const fd = ref(mountWord(mount))
  const path = pathOf(lookUp).slice(mount.length + 1)
  // The mount itself. It may be a file, which can't be looked up as ".".
  if (path === '') {
    const { save, of } = lookUp
    return call('fcntl', [fd, F_DUPFD_CLOEXEC, 0], { ...(save ? { save } : {}), ...(of ? { of } : {}), why: WHY })
  }
  return { ...lookUp, args: [fd, path, beneath(how as StructValue), size ?? 0], why: WHY }
}

/** Rows of look-ups, each led to its mount. */
function linkTable(instruction: Compute, holderOf: (path: string) => string | undefined): Compute {
  const { base } = instruction
  if (typeof base !== 'object' || base === null || !('table' in base) || !base.beneathMount) return instruction
  const rows = base.table.map((row) => {
    const [, given, how] = row as [Value, string, StructValue]
    const path = given.startsWith('/') ? given : `/${given}`
    const mount = holderOf(path)
    if (mount === undefined) return row
    const fd = address(mountWord(mount))
    const rest = path.slice(mount.length + 1)
    return rest === '' ? [fd, given, 0] : [fd, rest, beneath(how)]
  })
  return { ...instruction, base: { ...base, table: rows } }
}

const beneath = ({ fields, ...struct }: StructValue): StructValue => ({
  ...struct,
  fields: { ...fields, resolve: (Number(fields.resolve) & ~RESOLVE_IN_ROOT) | RESOLVE_BENEATH },
})

const WHY = 'beneath the mount itself: its name may be another’s by now'
