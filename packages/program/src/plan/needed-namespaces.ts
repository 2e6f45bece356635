import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  type SyscallName,
} from '@rt/sys'
import type { Call, Instruction } from '../language/instruction.js'
import { INIT_MOMENTS, type Plan, type Step } from './plan.js'

/** Calls that change what a namespace holds: made by init in a namespace of the host's, they change the host. */
const ACTS_ON: Readonly<Partial<Record<SyscallName, number>>> = {
  mount: CLONE_NEWNS,
  umount2: CLONE_NEWNS,
  move_mount: CLONE_NEWNS,
  pivot_root: CLONE_NEWNS,
  sethostname: CLONE_NEWUTS,
  setdomainname: CLONE_NEWUTS,
}

const ALL =
  CLONE_NEWNS |
  CLONE_NEWUTS |
  CLONE_NEWIPC |
  CLONE_NEWNET |
  CLONE_NEWPID |
  CLONE_NEWUSER |
  CLONE_NEWCGROUP |
  CLONE_NEWTIME

/** Init's own: what the supervisor does, it does on the host on purpose. */
const initsMoments = (step: Step, { opens }: Plan) => [
  ...INIT_MOMENTS.map((moment) => step[moment]),
  opens === 'init' ? step['host.open'] : [],
]

function eachCall(moments: readonly (readonly Instruction[] | undefined)[], visit: (call: Call) => void): void {
  for (const moment of moments) {
    moment?.forEach((instruction) => {
      if (instruction.kind === 'call') visit(instruction)
    })
  }
}

/**
 * The steps that would act on the host itself, because no step brings the namespaces that they need: by what they say
 * (`needs`), or by the calls that they make. A namespace is brought by the clone, by unshare(2) or by setns(2).
 */
export function neededNamespaces(plan: Plan, clone: number): { readonly step: number; readonly flags: number }[] {
  let brought = clone
  const bring = ({ call, args }: Call): void => {
    if (call === 'unshare' && typeof args[0] === 'number') brought |= args[0] & ALL
    // Type 0 takes any: the fd decides.
    if (call === 'setns') brought |= typeof args[1] === 'number' && args[1] !== 0 ? args[1] & ALL : ALL
  }
  // What init's own calls need is known before all of what is brought: a later step may bring it.
  const needed = plan.steps.map((step) => {
    let needs = step.needs ?? 0
    eachCall([step['host.prepare']], bring)
    eachCall(initsMoments(step, plan), (made) => {
      bring(made)
      needs |= ACTS_ON[made.call] ?? 0
    })
    return needs
  })
  return needed.flatMap((needs, step) => {
    const flags = needs & ~brought
    return flags === 0 ? [] : [{ step, flags }]
  })
}
