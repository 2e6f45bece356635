import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import type { Credentials } from '../credentials/credentials.js'
import { DEFAULT_RETRY, type RetryPolicy } from '../http/patience.js'

/** How registries are asked. Everything has a default: what docker and podman find on this machine. */
export interface ClientOptions {
  /**
   * The credentials for a repository, instead of those in files.
   *
   * @param registry as references spell it, a mirror's too: `docker.io`
   */
  readonly credentials?: (
    registry: string,
    repository: string,
  ) => Credentials | undefined | Promise<Credentials | undefined>
  /** An auth.json or config.json that alone counts. Default: REGISTRY_AUTH_FILE, or containers' and Docker's files. */
  readonly authFile?: string
  /** A registries.conf that alone counts; false: none. Default: CONTAINERS_REGISTRIES_CONF, or the user's and system's. */
  readonly registriesConf?: string | false
  /** Folders like certs.d. Default: Docker's and containers' of the system, and containers' of the user. */
  readonly certsDirectories?: readonly string[]
  /** False: certificates are not checked, and plain http is spoken where there is no TLS. Default: true. */
  readonly tlsVerify?: boolean
  readonly retry?: Partial<RetryPolicy>
  /** Milliseconds without a byte after which a connection counts as broken. Default: 30,000. */
  readonly idleMilliseconds?: number
  /** Default: `rt`. */
  readonly userAgent?: string
  /** Told what was passed over: a mirror that failed, a credsStore that isn't installed. Default: nobody. */
  readonly onWarning?: (message: string) => void
  /** Environment that files are named by and helpers run in. Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv
  /** Default: the user's. */
  readonly home?: string
}

const OPTIONS: OptionKeys<ClientOptions> = {
  credentials: true,
  authFile: true,
  registriesConf: true,
  certsDirectories: true,
  tlsVerify: true,
  retry: true,
  idleMilliseconds: true,
  userAgent: true,
  onWarning: true,
  environment: true,
  home: true,
}
const RETRY: OptionKeys<RetryPolicy> = { totalMilliseconds: true, firstDelayMilliseconds: true }

/** The numbers of the options, checked, with their defaults. @throws RtError RT_INVALID_OPTION */
export function checkedOptions(options: ClientOptions): { readonly retry: RetryPolicy; readonly idle: number } {
  refuseUnknownOptions('RegistryClient', options, OPTIONS)
  refuseUnknownOptions('RegistryClient retry', options.retry, RETRY)
  const retry = { ...DEFAULT_RETRY, ...defined(options.retry ?? {}) }
  const idle = options.idleMilliseconds ?? 30_000
  for (const [name, value] of Object.entries({ ...retry, idleMilliseconds: idle })) {
    if (Number.isFinite(value) && value >= 0) continue
    throw new RtError('RT_INVALID_OPTION', `${name} is a number of milliseconds, got ${String(value)}`)
  }
  return { retry, idle }
}

/** Options that are given as undefined are not given. */
const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
