import { RtError, SETUP_FAILED } from '@rt/sys'
import { STATUS_FD } from '../assemble/layout.js'
import type { Side } from '../assemble/operation.js'
import { LATCH } from '../assemble/own-log.js'
import { call, goto, type Instruction, label } from '../language/instruction.js'
import { linkMounts } from '../plan/link-mounts.js'
import { initsWay, isRendezvous } from '../plan/meetings.js'
import { INIT_MOMENTS, type Moment, type Plan } from '../plan/plan.js'
import { afterClone, cloneInit, closesOfInit, initEnd, initStart, makeGate, supervisorEnd } from './clone-init.js'
import { exitAsInit, tellNode } from './endings.js'
import { endHeir, makeHeir } from './heir.js'
import { hostMeets, initMeets } from './meet.js'
import {
  cloneMiddle,
  FLAGS_OF_MIDDLE,
  LOST_MIDDLE,
  MIDDLE,
  meetInit,
  middleBegins,
  middleEnds,
  noInit,
  startLimit,
} from './middle.js'
import { cloneFlags, hasHeir, joins, watchesNode } from './roles.js'
import { momentOf, type Section } from './section.js'
import { reap, supervise } from './supervise.js'
import { checkSupervision, type Supervision } from './supervision.js'
import { supervisorStart } from './supervisor-start.js'
import { watches } from './watches.js'

/**
 * The skeleton around a plan's steps: the supervisor, the clone, the gate at which init waits, and the messages to Node.
 *
 *     supervisor                                 init
 *     host.prepare, host.open (if privileged)
 *     socketpair, clone3 ───────────────────────► pdeathsig, close the other end
 *     the host's and Node's part of a meeting
 *     a byte opens the gate ────────────────────► read = 1 (0: the supervisor is dead)
 *                                                 init.enter, host.open (if not privileged)
 *     poll(socket): a byte, at each further  ◄─── "here", and wait again
 *       meeting; its part; a byte ──────────────► init.mount … init.execute: execve
 *     supervise (lifecycle/): poll of all watches the container's program
 *       init's socket is closed: "started"
 *       Node is dead, time is over … ───────────► SIGKILL
 *     waitid, host.gone, the ending
 *
 * Where nobody watches over the supervisor it has an heir (heir.ts); where namespaces are joined a middle (middle.ts); one
 * that leaves (`Supervision.leaves`) is gone after the last meeting.
 *
 * @throws RtError RT_PROGRAM, RT_INVALID_OPTION for a supervision that the plan can't have
 */
export function frame(given: Plan, supervision: Supervision): Section[] {
  checkSupervision(supervision)
  const plan = linkMounts(given)
  if (supervision.leaves) checkStart(plan)
  const sections: Section[] = []
  const own = (process: Side, instructions: readonly Instruction[], failTo: string, step = -1) =>
    sections.push({ process, step, instructions, failTo })
  const steps = (process: Side, moment: Moment, failTo: string, only?: number) =>
    sections.push(...momentOf(plan, process, moment, failTo, supervision, only))
  const way = initsWay(plan)
  own('supervisor', supervisorStart(plan, supervision), '$notCloned')
  if (hasHeir(plan, supervision)) own('supervisor', makeHeir, '$notCloned')
  steps('supervisor', 'host.prepare', '$notCloned')
  if (plan.opens === 'supervisor') steps('supervisor', 'host.open', '$notCloned')
  own('supervisor', [makeGate], '$notCloned')
  const cloning = plan.steps.findIndex((step) => step.clone)
  if (joins(plan)) {
    own('supervisor', [...startLimit, cloneMiddle], '$notCloned')
    const status = watchesNode(supervision) ? STATUS_FD : undefined
    own('supervisor', [...afterClone(plan, supervision), ...meetInit(supervisorEnd, status)], LOST_MIDDLE)
  } else {
    own('supervisor', cloneInit(plan), '$notCloned', cloning)
    own('supervisor', afterClone(plan, supervision), '$failed')
  }
  sections.push(...hostMeets(plan, way.filter(isRendezvous), supervision))
  own('supervisor', supervision.leaves ? reap([]) : supervise(watches(plan, supervision)), '$failed')
  own('supervisor', [goto('$after'), ...(joins(plan) ? noInit : [])], LOST_MIDDLE)
  own('supervisor', notCloned, '$failed')
  steps('supervisor', 'host.gone', '$supervisorFailed')
  if (hasHeir(plan, supervision)) own('supervisor', endHeir, '$supervisorFailed')
  own('supervisor', supervision.tells === 'node' ? tellNode : exitAsInit(supervision.speaker), '$supervisorFailed')
  if (joins(plan)) sections.push(...middle(plan, supervision, cloning))
  own('init', initStart(plan, supervision), '$initFailed')
  const last = way.findLast(isRendezvous)
  way.forEach((place, index) => {
    if (isRendezvous(place)) sections.push(...initMeets(place, index, supervision.leaves && place === last))
    else if (place.moment === 'init.enter' && plan.steps[place.step]?.joins) return
    else steps('init', place.moment, '$initFailed', place.step)
  })
  own('init', [label('$initFailed'), LATCH, label('$initEnds'), call('exit_group', [SETUP_FAILED])], '$initEnds')
  return sections
}

/** What the middle does: `init.enter` of the steps that join, and the clone. */
function middle(plan: Plan, supervision: Supervision, cloning: number): Section[] {
  const runBy = { runBy: MIDDLE, failTo: '$middleFailed' }
  const own = (instructions: readonly Instruction[], step = -1): Section => ({
    process: 'init',
    step,
    instructions,
    ...runBy,
  })
  return [
    own(middleBegins(closesOfInit(plan, supervision))),
    ...momentOf(plan, 'init', 'init.enter', '$middleFailed', supervision)
      .filter(({ step }) => plan.steps[step]?.joins)
      .map((section) => ({ ...section, ...runBy })),
    own(middleEnds(cloneInit(plan, FLAGS_OF_MIDDLE), initEnd), cloning),
  ]
}

/** `apply`: the calling thread is both processes. What clone would have made is made by unshare. */
export function frameOfOne(given: Plan): Section[] {
  const plan = linkMounts(given)
  const flags = cloneFlags(plan)
  const step = plan.steps.findIndex((each) => each.clone)
  return [
    ...momentOf(plan, 'supervisor', 'host.prepare', '$failed'),
    ...(flags
      ? [{ process: 'supervisor' as const, step, instructions: [call('unshare', [flags])], failTo: '$failed' }]
      : []),
    ...(['host.open', ...INIT_MOMENTS] as const).flatMap((moment) => momentOf(plan, 'supervisor', moment, '$failed')),
    { process: 'supervisor', step: -1, instructions: [label('$end')], failTo: '$failed' },
  ]
}

/** @throws RtError RT_PROGRAM where nothing tells that init has come through its set-up */
function checkStart({ steps }: Plan): void {
  if (steps.some(({ meets }) => meets?.some(({ at }) => at === 'init.execute'))) return
  throw new RtError('RT_PROGRAM', 'the supervisor would leave before init has been set up', {
    hint: 'a plan that is created has a step with a meeting at init.execute: awaitStart() of @rt/chroot',
  })
}

/** Where failures before the clone lead, past all that has to do with init. */
const notCloned: readonly Instruction[] = [label('$notCloned'), LATCH, label('$after')]
