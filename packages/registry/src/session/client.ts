import type { Reference } from '../reference/reference.js'
import type { ClientOptions } from './client-options.js'
import { Session } from './session.js'

/** The session behind a client, for the functions of this package; users see none of it. */
export let sessionOf: (client: RegistryClient) => Session

/** Connections, tokens and configuration that requests share. It is made once, given to each function, and closed. */
export class RegistryClient {
  readonly #session: Session

  static {
    sessionOf = (client) => client.#session
  }

  /**
   * Reads the configuration; no host is asked yet.
   *
   * @throws RtError RT_INVALID_OPTION; RT_INVALID_CONFIG, RT_UNSUPPORTED, RT_NOT_FOUND, RT_PERMISSION for files
   */
  constructor(options: ClientOptions = {}) {
    this.#session = new Session(options)
  }

  /**
   * What a name may mean, by the aliases and search registries of registries.conf; without any, docker.io.
   *
   * @param name as typed, or taken apart already
   * @returns the first that has the image is meant
   * @throws RtError RT_INVALID_OPTION for what is no name, or could be at several registries
   */
  meanings(name: string | Reference): [Reference, ...Reference[]] {
    return this.#session.meanings(name)
  }

  /** Closes all connections; what is still running fails. */
  close(): void {
    this.#session.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
