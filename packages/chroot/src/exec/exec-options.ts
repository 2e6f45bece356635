import type { Ref } from '@rt/program'
import type { Text } from './candidates.js'

export interface CloseDescriptorsOptions {
  readonly origin?: string
  /**
   * fds for the program besides 0, 1 and 2: they become 3, 4, … Words that steps saved, or once more 0, 1 or 2. Other
   * fds of the caller are closed when the set-up begins, and their numbers are those of its own by now.
   */
  readonly fds?: readonly (number | Ref)[]
  /**
   * The signal that kills the program when its parent is gone; default SIGKILL, 0 for none (a container that outlives
   * its supervisor).
   */
  readonly parentDeathSignal?: number
  /**
   * Once all else is closed the program waits for a byte from this fd, which is closed then, too: see {@link awaitStart}.
   */
  readonly waitFor?: Ref
}

export interface ExecOptions extends CloseDescriptorsOptions {
  /** `NAME=value`, all of it: nothing is inherited. */
  readonly env: readonly Text[]
  /** What the program sees as its argv[0], where that is not what it is found by (a login shell's "-sh"). */
  readonly argv0?: Text
  /**
   * The step `closeDescriptors` stands before it, and has the fds and the signal: this one is a bare execve, so that a
   * seccomp filter between the two forbids nothing of the set-up. Default: it closes them itself.
   */
  readonly descriptorsClosed?: boolean
}
