import type { Ended } from '../lifecycle/usage.js'

/** How a container ended: a code or a signal; `usage` and `oomKilled` are read when they are asked for. */
export type Exit = ({ readonly code: number } | { readonly signal: number }) &
  Pick<Ended, 'usage' | 'oomKilled'> & {
    /** It was killed since its time was over (`wallMs`). */
    readonly timedOut?: true
  }
