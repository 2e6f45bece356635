const NOT_HELD = Symbol.for('@rt/erofs/notHeld')

/** Says that an image has no place for something: its layer is to be kept in another way. */
export const notHeld = (what: string): Error =>
  Object.assign(new Error(`EROFS has no place for ${what}`), { [NOT_HELD]: true })

/** Whether that is why something failed. */
export const isNotHeld = (error: unknown): error is Error =>
  typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[NOT_HELD] === true
