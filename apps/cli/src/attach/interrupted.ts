/** A signal ended rt while it was still preparing. */
export class Interrupted extends Error {
  constructor(readonly signal: number) {
    super('interrupted')
  }
}
