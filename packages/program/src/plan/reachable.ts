import { RtError } from '@rt/sys'
import type { Assembler } from '../assemble/assembler.js'
import type { Operation, Site, Target } from '../assemble/operation.js'

/** What the set-up's flow of control says about init's steps. */
export interface NeverRun {
  /** Steps of which a phase is never reached, or what stands behind the execve of the one that executes. */
  readonly unreached: readonly number[]
  /** The step that executes. */
  readonly after: number | undefined
  /** The last instruction goes on to nowhere: nothing is executed. */
  readonly runsOut: boolean
}

/** Where init's failures lead, and whoever runs past the last step: see frame.ts. */
const FAILED = '$initFailed'

const callOf = ({ instruction, helper }: Site): string | undefined =>
  instruction.kind === 'call' && helper === undefined ? instruction.call : undefined
const executes = (call: string | undefined): boolean => call === 'execve' || call === 'execveat'
const ends = (call: string | undefined): boolean => call === 'exit_group' || call === 'exit'

/** @throws RtError RT_PROGRAM if nothing defines it */
export function placeOf(labels: ReadonlyMap<string, number>, name: string): number {
  const index = labels.get(name)
  if (index === undefined) throw new RtError('RT_PROGRAM', `no label ${JSON.stringify(name)} in the plan`)
  return index
}

const REACHED = 1
/** Reached only because an execve failed. */
const ASIDE = 2

/**
 * Follow init from its first step. An execve has no next operation, and its failure is no way to another step: who
 * forgot that has a container without the restrictions that stand there. Within its own step the failure leads on: to
 * the next candidate of $PATH, to a branch out of line.
 */
export function stepsThatNeverRun({ operations, labels }: Assembler): NeverRun {
  const inits = (site: Site): boolean => site.side === 'init' && !site.outOfLine && site.step >= 0
  const start = operations.findIndex(({ site }) => inits(site))
  if (start < 0) return { unreached: [], after: undefined, runsOut: true }
  const end = labels.get(FAILED) ?? operations.length
  const seen = new Uint8Array(operations.length)
  // Pairs of an index and how it is reached, one after the other: 1500 little objects would be worth a garbage collection.
  const pending = [start, REACHED]
  let runsOut = false
  let after: number | undefined
  seen[start] = REACHED
  const go = (from: number, to: Target, how: number): void => {
    const index = to === undefined ? from + 1 : typeof to === 'number' ? to : placeOf(labels, to)
    // By its name it is a failure; whoever comes to it by running past the last step has executed nothing.
    if (index === end) runsOut ||= how === REACHED && to !== FAILED
    const target = operations[index]
    if (index === end || !target || ((seen[index] as number) & how) !== 0) return
    if (how === ASIDE && target.site.step !== operations[from]?.site.step) return
    seen[index] = (seen[index] as number) | how
    pending.push(index, how)
  }
  while (pending.length > 0) {
    const how = pending.pop() as number
    const index = pending.pop() as number
    const { site, next, failed } = operations[index] as Operation
    const called = callOf(site)
    if (ends(called)) continue
    // What a clone's other process executes is nothing of the container's.
    if (site.outOfLine && executes(called)) continue
    if (executes(called)) {
      if (how === REACHED) after ??= site.step
      go(index, failed, ASIDE)
      continue
    }
    go(index, next, how)
    if (site.instruction.kind !== 'goto') go(index, failed, how)
  }
  const lastExec = operations.findLastIndex(({ site }, index) => seen[index] !== 0 && executes(callOf(site)))
  const unreached = new Set<number>()
  // A phase of a step is a row of its operations. Generated code may hold branches that its case has no use for; a row
  // of which nothing is reached, or what stands behind the execve, is a mistake.
  for (let from = start; from < operations.length; ) {
    const { site } = operations[from] as Operation
    let to = from
    let isReached = false
    let isDeadEnd = false
    for (; operations[to]?.site.step === site.step && operations[to]?.site.side === site.side; to++) {
      if (seen[to] !== 0) isReached = true
      else if (to > lastExec && site.step === after) isDeadEnd = true
    }
    if (inits(site) && (!isReached || isDeadEnd)) unreached.add(site.step)
    from = to
  }
  return { unreached: [...unreached].sort((a, b) => a - b), after, runsOut }
}
