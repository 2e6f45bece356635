/** What a shell offers after an option or for an operand. */
export type Completion = 'file' | 'directory' | 'user' | 'pid' | 'command' | 'source' | readonly string[]

/**
 * Makes an option's value out of its text; `origin` is the option as typed (`--memory 5m`), kept by what becomes a
 * step. What it throws is a complaint: an RtError of what is wrong in one clause (`expected X, got "Y"`).
 */
export type Parse<T> = (text: string, origin: string) => T

/** One option: everything that parsing, --help, completion and the documentation know about it. */
export interface Option<T> {
  /** A flag takes no value but `=true` and `=false`; `one` keeps the last value, `many` all of them. */
  readonly kind: 'flag' | 'one' | 'many'
  /** One letter. */
  readonly short?: string
  /** Another long name that it has with Docker: `--net`. */
  readonly also?: string
  /** The value's placeholder in help: `BYTES`. */
  readonly value?: string
  /** What it does, and where that differs from Docker's option of this name. */
  readonly help: string
  readonly complete?: Completion
  /** The value may hold any byte (escaped: `textFromBytes` of @rt/sys). Else one that is not UTF-8 is refused. */
  readonly bytes?: true
  /**
   * `unset`: an empty value (`--user ''`, what a script's empty variable gives) means that the option was not given, as
   * in Docker. Else it is a value like any other.
   */
  readonly empty?: 'unset'
  /** Absent for a flag and for plain text. */
  readonly parse?: Parse<unknown>
  /** Carries the type of what {@link Values} holds; there is no such property at run time. */
  readonly type?: T
}

/** Options by their long names. */
export type Options = Readonly<Record<string, Option<unknown>>>

/** The values of a table of options: undefined (an empty list for `many`) where one was not given. */
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never }

type Text = Omit<Option<unknown>, 'kind' | 'value' | 'parse' | 'type'> & { readonly value: string }

/** `--rm`, `--rm=false`. */
export const flag = (row: Omit<Text, 'value' | 'complete'>): Option<boolean | undefined> => ({ kind: 'flag', ...row })

/** `--memory 5m`: given twice, the last one counts, as in Docker. */
export function one(row: Text): Option<string | undefined>
export function one<T>(row: Text & { readonly parse: Parse<T> }): Option<T | undefined>
export function one(row: Text): Option<unknown> {
  return { kind: 'one', ...row }
}

/** `--env A=1 --env B=2`. */
export function many(row: Text): Option<readonly string[]>
export function many<T>(row: Text & { readonly parse: Parse<T> }): Option<readonly T[]>
export function many(row: Text): Option<unknown> {
  return { kind: 'many', ...row }
}

/** A heading of --help and the options below it. */
export interface OptionGroup {
  readonly title: string
  readonly options: Options
}
