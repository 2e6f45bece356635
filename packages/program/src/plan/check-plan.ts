import { type Complaint, FLAGS, formatFlags, RtError } from '@rt/sys'
import type { Assembler } from '../assemble/assembler.js'
import { cloneFlags } from '../lifecycle/roles.js'
import type { Section } from '../lifecycle/section.js'
import { neededNamespaces } from './needed-namespaces.js'
import type { Plan } from './plan.js'
import { stepsThatNeverRun } from './reachable.js'
import { unsavedWords } from './unsaved-words.js'

/** One thing that makes a plan wrong as a whole, where each of its steps is right. */
interface PlanFault {
  readonly step: number
  readonly message: string
  readonly hint: string
}

/**
 * Refuse a plan that would do something else than it reads like. Only the whole shows it: a step after the `execve` is
 * never reached, so a plan whose `user` stands there runs as root and ends with the program's exit code.
 *
 * @throws RtError RT_PROGRAM naming the step; all that is wrong is in `complaints`
 */
export function checkPlan(plan: Plan, sections: readonly Section[], assembler: Assembler): void {
  refuseFaults(plan, [...onHost(plan), ...unsaved(plan, sections), ...neverRun(plan, assembler)])
}

/** What holds for `apply` too, where the caller's own namespaces are meant and nothing need be executed. */
export function checkWords(plan: Plan, sections: readonly Section[]): void {
  refuseFaults(plan, unsaved(plan, sections))
}

function onHost(plan: Plan): PlanFault[] {
  return neededNamespaces(plan, cloneFlags(plan)).map(({ step, flags }) => ({
    step,
    message: `this step needs new namespaces (${formatFlags(FLAGS.clone, flags)}): it would act on the host itself`,
    hint: 'put namespaces({ mount: true, … }) of @rt/mountns before it',
  }))
}

function unsaved(plan: Plan, sections: readonly Section[]): PlanFault[] {
  return unsavedWords(plan, sections).map(({ step, word, process }) => ({
    step,
    message: `this step reads ${JSON.stringify(word)}, which nothing has saved before it in ${process === 'init' ? 'init or before the clone' : 'the supervisor'}`,
    hint: word.startsWith('$')
      ? `put the step that saves ${word} before it${word === '$root' ? ': root() or hostRoot() of @rt/chroot' : ''}`
      : 'a name without $ belongs to its own step: save it there, or give it a name that begins with $',
  }))
}

function neverRun(plan: Plan, assembler: Assembler): PlanFault[] {
  const { after, unreached, runsOut } = stepsThatNeverRun(assembler)
  const faults = unreached.map((step) => ({
    step,
    message:
      after === undefined || after === step
        ? 'instructions of this step are never reached'
        : `this step never runs: it stands after ${JSON.stringify(plan.steps[after]?.name)}, whose execve ends the set-up`,
    hint: 'the step that executes is the last one: what restricts the program comes before it',
  }))
  if (!runsOut) return faults
  return [
    ...faults,
    {
      step: plan.steps.length - 1,
      message: 'the plan ends here without an execve: it would make a container and run nothing in it',
      hint: 'let exec() of @rt/chroot be the last step, or use apply for steps without a program',
    },
  ]
}

function refuseFaults(plan: Plan, faults: readonly PlanFault[]): void {
  const [first] = faults
  if (!first) return
  const { name, origin } = plan.steps[first.step] ?? { name: 'plan', origin: undefined }
  const complaints: Complaint[] = faults.map(({ step, message }) => ({
    path: plan.steps[step]?.name ?? 'plan',
    message,
  }))
  const summary = faults.length === 1 ? first.message : `${faults.length} things are wrong with this plan`
  throw new RtError('RT_PROGRAM', summary, {
    step: name,
    origin,
    hint: first.hint,
    ...(complaints.length > 1 ? { complaints } : {}),
  })
}
