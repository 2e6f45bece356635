import { type Complaint, RtError, type RtErrorCode } from '@rt/sys'

/** Errors that say that the user's input is wrong, in contrast to a system that fails. */
const ABOUT_INPUT: ReadonlySet<RtErrorCode> = new Set([
  'RT_INVALID_OPTION',
  'RT_INVALID_CONFIG',
  'RT_NOT_FOUND',
  'RT_WRONG_TYPE',
  'RT_EXISTS',
  'RT_UNSUPPORTED',
  'RT_PERMISSION',
  'RT_ARCHIVE',
])

/** Says that an option's value is wrong: for `parse` functions. */
export const invalid = (message: string, hint?: string): RtError => new RtError('RT_INVALID_OPTION', message, { hint })

/** Values of which none is undefined. */
export type Settled<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Everything that is wrong with the arguments, collected so that it can be said at once. */
export class Complaints {
  readonly list: Complaint[] = []
  /** An option was unknown: whether the word behind it is its value nobody knows. */
  unsure = false
  /** Of the first complaint; printed if it stays the only one. */
  private hint: string | undefined
  private first: RtError | undefined

  add(path: string, message: string, hint?: string): void {
    if (this.list.length === 0) this.hint = hint
    this.list.push({ path, message })
  }

  /**
   * The value of `make`, or undefined if it complained about its input.
   *
   * @param path the option that is to blame, unless the complaint names one itself
   */
  try<T>(path: string, make: () => T): T | undefined {
    try {
      return make()
    } catch (error) {
      this.take(path, error)
      return undefined
    }
  }

  /** The same for what takes a while. */
  async tryAsync<T>(path: string, make: () => Promise<T>): Promise<T | undefined> {
    try {
      return await make()
    } catch (error) {
      this.take(path, error)
      return undefined
    }
  }

  /** @throws what is no complaint about input */
  private take(path: string, error: unknown): void {
    if (!RtError.isInstance(error) || !ABOUT_INPUT.has(error.kind)) throw error
    if (this.list.length === 0) this.first = error
    if (!error.complaints?.length) this.add(path, error.message, error.hint)
    for (const { path: inner, message } of error.complaints ?? []) {
      const isOption = inner.startsWith('--')
      const says = isOption || inner === '' || path.includes(inner) ? message : `${inner}: ${message}`
      this.add(isOption && !path.startsWith(inner) ? inner : path, says, error.hint)
    }
  }

  /**
   * Values of which each one that is missing has been complained about: by {@link try}, or by {@link add}.
   *
   * @param command see {@link throwIfAny}
   * @returns the same; none is missing
   * @throws as {@link throwIfAny}
   */
  settled<T extends object>(command: string, values: T): Settled<T> {
    this.throwIfAny(command)
    return values as Settled<T>
  }

  /**
   * @param command whose arguments these are, for the hint: `run`
   * @throws RtError RT_INVALID_OPTION with all complaints, if there are any
   */
  throwIfAny(command: string): void {
    const [complaint] = this.list
    if (!complaint) return
    const help = `rt ${command} --help`
    if (this.list.length > 1) {
      throw new RtError('RT_INVALID_OPTION', `${this.list.length} things are wrong with the arguments`, {
        complaints: this.list,
        hint: help,
      })
    }
    throw new RtError(this.first?.kind ?? 'RT_INVALID_OPTION', complaint.message, {
      origin: complaint.path || undefined,
      hint: this.hint ?? this.first?.hint ?? help,
      cause: this.first,
    })
  }
}
