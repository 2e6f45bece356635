import { buffer, compute, type Instruction, type Ref } from '../language/instruction.js'

/** One fd of the supervisor's loop. Words `NAME.fd` and `NAME.events` say what is waited for. */
export interface Watch {
  /** Begins with `$`: its words are the supervisor's. */
  readonly name: string
  /** Once, before the loop: sets both words. */
  readonly begin: readonly Instruction[]
  /** Before every wait. */
  readonly prepare?: readonly Instruction[]
  /** Something has happened; `happened` holds poll(2)'s revents in its lowest 16 bits. */
  readonly ready: (happened: Ref) => readonly Instruction[]
  /** Its word `NAME.open` is not 0 until all is passed on: the loop outlives init for it, for {@link LAST_WORDS_MS} at most. */
  readonly drains?: true
  /** Once init is dead. */
  readonly initDied?: readonly Instruction[]
  /** Once, after the loop, and also where the set-up failed before it began. */
  readonly end?: readonly Instruction[]
}

/** How long output may still come when init has ended: a process that it left behind may hold the terminal. */
export const LAST_WORDS_MS = 1_000

/** No fd: poll(2) passes over it. An fd that isn't wanted has to be this, since POLLHUP comes whatever is asked for. */
export const NO_FD = 0xffffffff

/** The lower half of a word. */
export const WORD32 = 0xffffffff

/** The two words of a watch. */
export const watched = (name: string, fd: number | Ref, events: number): Instruction[] => [
  compute(`${name}.fd`, fd),
  compute(`${name}.events`, events),
]

/** A 32-bit field, without what lies above it: every load is 64 bits wide. */
export const lower = (save: string, from: Ref): Instruction[] => [
  // Longer than a word: the second store clears the upper half of the first, and reaches beyond it.
  compute(`${save}.at`, buffer(save, 16)),
  compute(`${save}+0`, from),
  compute(`${save}+4`, 0),
]
