import type { StepList } from '@rt/program'
import type { Words } from './language.js'
import type { Observation } from './observe.js'

/** Something that an experiment claims, and whether it was so. */
export interface Finding {
  readonly claim: Words
  readonly holds: boolean
}

/** A container that an experiment looks at. */
export interface Trial {
  readonly title: Words
  /** All but the exec. */
  readonly steps: StepList
  /** Shell commands that are run in the container before it is looked at. */
  readonly script: string
  /** Print a line for each step, not each call. */
  readonly brief?: boolean
  findings(seen: Observation): Finding[]
}

/** One experiment of the lab. */
export interface Experiment {
  readonly title: Words
  readonly about: readonly Words[]
  /** What to try in the shell of `rt lab N`; it runs in the first trial's container. */
  readonly tries: Words
  /** Make what the trials need, have them done, and remove it again. */
  perform(conduct: (trials: readonly Trial[]) => Promise<void>): Promise<void>
}
