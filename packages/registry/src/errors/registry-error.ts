import { type ErrorDetails, RtError, type RtErrorCode } from '@rt/sys'

/** One entry of a registry's `errors` (distribution-spec, "Error codes"). */
export interface RegistryComplaint {
  /** `MANIFEST_UNKNOWN`, `DENIED`, `TOOMANYREQUESTS`, … */
  readonly code: string
  /** The registry's own words; may be empty. */
  readonly message: string
}

/** The facts of a failed request. */
export interface RegistryFailure extends ErrorDetails {
  readonly code: RtErrorCode
  /** One sentence without a final period. */
  readonly message: string
  /** `GET` */
  readonly method?: string | undefined
  /** Without its query, which may hold a signature that is as good as a password. */
  readonly url?: URL | undefined
  /** HTTP status; undefined: there was no answer. */
  readonly status?: number | undefined
  readonly registryErrors?: readonly RegistryComplaint[] | undefined
}

const REGISTRY_ERROR = Symbol.for('@rt/registry/RegistryError')

/** A URL for people, without user and query: a signed URL in a log is a key in a log. */
export const showUrl = (url: URL): string => `${url.origin}${url.pathname}`

/** A request that a registry, its token server, a mirror or the network between refused or broke. */
export class RegistryError extends RtError {
  override readonly name: string = 'RegistryError'
  declare readonly method?: string
  declare readonly url?: string
  declare readonly status?: number
  /** What the registry said was wrong, in its words; empty where it said nothing readable. */
  readonly registryErrors: readonly RegistryComplaint[]
  readonly #failure: RegistryFailure

  constructor(failure: RegistryFailure) {
    super(failure.code, failure.message, failure)
    this.#failure = failure
    if (failure.method !== undefined) this.method = failure.method
    if (failure.url !== undefined) this.url = showUrl(failure.url)
    if (failure.status !== undefined) this.status = failure.status
    this.registryErrors = failure.registryErrors ?? []
    Object.defineProperty(this, REGISTRY_ERROR, { value: true })
  }

  /** The same failure, with what else to do about it. */
  withHint(hint: string): RegistryError {
    const before = this.#failure.hint
    return new RegistryError({ ...this.#failure, hint: before === undefined ? hint : `${before}; ${hint}` })
  }

  static override isInstance(value: unknown): value is RegistryError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[REGISTRY_ERROR] === true
  }
}
