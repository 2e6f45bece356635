import type { Usage } from '../lifecycle/usage.js'

/** How a container ended: a code or a signal; `usage` and `oomKilled` are read when they are asked for. */
export type Exit = ({ readonly code: number } | { readonly signal: number }) & {
  readonly usage: Usage
  /** The kernel has killed a process of the container's group for want of memory: Docker's State.OOMKilled. */
  readonly oomKilled: boolean
  /** It was killed since its time was over (`wallMs`). */
  readonly timedOut?: true
}
