/** How a container ended. */
export type Exit = ({ readonly code: number } | { readonly signal: number }) & {
  /** It was killed since its time was over (`wallMs`). */
  readonly timedOut?: true
}
