import { homedir } from 'node:os'
import { join } from 'node:path'
import { RtError } from '@rt/sys'
import { type Place, pullPlaces, pushPlace } from '../config/places.js'
import { readRegistriesConf, registriesConfPaths } from '../config/read-registries-conf.js'
import type { RegistriesConfig } from '../config/registries-config.js'
import { meanings } from '../config/short-names.js'
import { authFilePaths, readAuthFiles } from '../credentials/auth-files.js'
import { findCredentials } from '../credentials/find-credentials.js'
import { type ConnectionOptions, Connections } from '../http/connections.js'
import { Patience, type RetryPolicy } from '../http/patience.js'
import { apiHost } from '../reference/docker-hub.js'
import { formatReference, isHost, parseReference, type Reference } from '../reference/reference.js'
import { Repository } from '../repository/repository.js'
import { type ClientOptions, checkedOptions } from './client-options.js'

/** What all operations of a client share: connections, tokens, configuration. */
export class Session {
  readonly #config: RegistriesConfig
  readonly #credentials: NonNullable<ClientOptions['credentials']>
  readonly #options: ConnectionOptions
  /**
   * By the insecure host, if there is one: what registries.conf calls insecure is a prefix, so the rest of its host must not
   * be reached by these connections.
   */
  readonly #connections = new Map<string | undefined, Connections>()
  readonly #retry: RetryPolicy
  readonly #repositories = new Map<string, Promise<Repository>>()
  /** Told what was passed over. */
  readonly warn: (message: string) => void

  /**
   * Reads the configuration; no host is asked yet.
   *
   * @throws RtError RT_INVALID_OPTION; RT_INVALID_CONFIG, RT_UNSUPPORTED, RT_NOT_FOUND for files
   */
  constructor(options: ClientOptions) {
    const { retry, idle } = checkedOptions(options)
    this.#retry = retry
    this.warn = options.onWarning ?? (() => undefined)
    const environment = options.environment ?? process.env
    const home = options.home ?? homedir()
    const surroundings = { environment, home, uid: process.getuid?.() }
    const { registriesConf, authFile } = options
    this.#config = readRegistriesConf(
      registriesConf === false
        ? []
        : registriesConf === undefined
          ? registriesConfPaths(surroundings)
          : [registriesConf],
    )
    this.#credentials = options.credentials ?? fromFiles(authFile, surroundings, this.warn)
    this.#options = {
      tlsVerify: options.tlsVerify ?? true,
      certsDirectories: options.certsDirectories ?? [
        '/etc/docker/certs.d',
        '/etc/containers/certs.d',
        join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'certs.d'),
      ],
      idle,
      userAgent: options.userAgent ?? 'rt',
      environment,
    }
  }

  /**
   * What a name may mean, by the aliases and search registries of registries.conf; without any, docker.io.
   *
   * @param name as typed, or taken apart already
   * @throws RtError RT_INVALID_OPTION for what is no name, or could be at several registries
   */
  meanings(name: string | Reference): [Reference, ...Reference[]] {
    // A reference from outside is checked like text: its parts become parts of URLs.
    return meanings(parseReference(typeof name === 'string' ? name : formatReference(name)), this.#config)
  }

  /** The one thing that a name means, for what can't try several: pushes, lists. @throws RtError RT_INVALID_OPTION */
  theMeaning(name: string | Reference): Reference {
    const [reference, ...more] = this.meanings(name)
    if (more.length === 0) return reference
    throw new RtError(
      'RT_INVALID_OPTION',
      `${JSON.stringify(reference.repository)} is a short name that may be at several registries`,
      {
        hint: `write HOST/${reference.repository}`,
      },
    )
  }

  /** Patience for one operation: one limit for all its requests. */
  patience(signal?: AbortSignal): Patience {
    return new Patience(this.#retry, signal)
  }

  /** Where to pull from, mirrors first. @throws RtError RT_PERMISSION if it is blocked */
  pullPlaces(reference: Reference): Place[] {
    return pullPlaces(reference, this.#config)
  }

  /** Where to push to. @throws RtError RT_PERMISSION if it is blocked; RegistryError RT_NETWORK */
  pushTarget(reference: Reference): Promise<Repository> {
    return this.repositoryAt(pushPlace(reference, this.#config))
  }

  /** @throws RegistryError RT_NETWORK if the host has to be asked whether it speaks TLS, and can't be */
  repositoryAt(place: Place): Promise<Repository> {
    const key = `${place.registry}/${place.repository}${place.insecure ? ' insecure' : ''}`
    const known = this.#repositories.get(key)
    if (known) return known
    const opened = this.#open(place)
    this.#repositories.set(key, opened)
    opened.catch(() => this.#repositories.delete(key))
    return opened
  }

  async #open({ registry, repository, insecure }: Place): Promise<Repository> {
    const host = apiHost(registry)
    // A mirror's location comes from a file; what it makes of the name must be a name still.
    if (!isHost(host)) throw new RtError('RT_INVALID_CONFIG', `${JSON.stringify(host)} is no host`)
    const connections = this.#connectionsFor(insecure ? host : undefined)
    const base = await connections.baseUrl(host)
    return new Repository(base, repository, connections, async () => this.#credentials(registry, repository))
  }

  /** Closes all connections; what is still running fails. */
  close(): void {
    for (const connections of this.#connections.values()) connections.close()
  }

  #connectionsFor(insecureHost: string | undefined): Connections {
    const known = this.#connections.get(insecureHost)
    const connections = known ?? new Connections(this.#options, insecureHost)
    this.#connections.set(insecureHost, connections)
    return connections
  }
}

function fromFiles(
  authFile: string | undefined,
  surroundings: { environment: NodeJS.ProcessEnv; home: string; uid: number | undefined },
  warn: (message: string) => void,
): NonNullable<ClientOptions['credentials']> {
  const { environment } = surroundings
  const isNamed = authFile !== undefined || Boolean(environment.REGISTRY_AUTH_FILE)
  const paths = authFile === undefined ? authFilePaths(surroundings) : [authFile]
  // Read when a registry first wants to know who we are: a broken file must not hinder who needs none.
  let files: ReturnType<typeof readAuthFiles> | undefined
  return (registry, repository) => {
    files ??= readAuthFiles(paths, isNamed)
    return findCredentials(files, registry, repository, environment, warn)
  }
}
