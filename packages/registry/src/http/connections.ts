import http, { type Agent } from 'node:http'
import https from 'node:https'
import { readCertificates } from '../tls/certs-d.js'
import { trustedRoots } from '../tls/trusted-roots.js'
import { discard } from './discard.js'
import { exchange } from './exchange.js'
import { codeOf, networkError, speaksNoTls } from './network-error.js'
import { hostnameOf, isLoopback } from './plain-http.js'

export interface ConnectionOptions {
  /** False: no certificate is checked anywhere, and plain http is spoken. */
  readonly tlsVerify: boolean
  readonly certsDirectories: readonly string[]
  /** Milliseconds. */
  readonly idle: number
  readonly userAgent: string
  readonly environment: NodeJS.ProcessEnv
}

/** The connections to all hosts, kept open between requests; each host has its own certificates. */
export class Connections {
  readonly #agents = new Map<string, Agent>()
  readonly #bases = new Map<string, Promise<URL>>()

  constructor(
    readonly options: ConnectionOptions,
    /** A host that registries.conf calls insecure. */
    readonly insecureHost?: string,
  ) {}

  /** Whether a host need not prove who it is. */
  isInsecure(host: string): boolean {
    return !this.options.tlsVerify || host === this.insecureHost
  }

  /** Whether http may be spoken to the URL's host. */
  mayBePlain(url: URL): boolean {
    return isLoopback(url.hostname) || this.isInsecure(url.host)
  }

  agentFor(url: URL): Agent {
    const known = this.#agents.get(url.origin)
    if (known) return known
    const agent = url.protocol === 'https:' ? this.#tlsAgent(url) : new http.Agent({ keepAlive: true })
    this.#agents.set(url.origin, agent)
    return agent
  }

  #tlsAgent({ host }: URL): Agent {
    const { certsDirectories, environment } = this.options
    const { ca, cert, key } = readCertificates(certsDirectories, host)
    return new https.Agent({
      keepAlive: true,
      rejectUnauthorized: !this.isInsecure(host),
      ...(ca.length > 0 ? { ca: trustedRoots(ca, environment) } : {}),
      ...(cert.length > 0 ? { cert: [...cert], key: [...key] } : {}),
    })
  }

  /**
   * `https://HOST/`, or `http://HOST/` where that is allowed and what answers speaks no TLS. Asked once per host.
   *
   * @throws RegistryError RT_NETWORK
   */
  baseUrl(host: string): Promise<URL> {
    const secure = new URL(`https://${host}/`)
    if (!isLoopback(hostnameOf(host)) && !this.isInsecure(host)) return Promise.resolve(secure)
    let base = this.#bases.get(host)
    if (!base) {
      base = this.#probe(secure)
      // A host that wasn't up yet is asked again the next time.
      base.catch(() => this.#bases.delete(host))
      this.#bases.set(host, base)
    }
    return base
  }

  async #probe(secure: URL): Promise<URL> {
    const url = new URL('/v2/', secure)
    // Outside the try: certificates that can't be read are no failure of the network.
    const agent = this.agentFor(url)
    try {
      const answer = await exchange(
        { method: 'GET', url, headers: { 'user-agent': this.options.userAgent } },
        agent,
        this.options.idle,
      )
      discard(answer)
      return secure
    } catch (error) {
      // A certificate that is not believed is no reason for plain http: then TLS is spoken, by whom is the question.
      if (!speaksNoTls(error) && !['ECONNREFUSED', 'ECONNRESET'].includes(codeOf(error))) {
        throw networkError('GET', url, error)
      }
      return new URL(`http://${secure.host}/`)
    }
  }

  /** Closes idle connections, and breaks those in use. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
    this.#agents.clear()
  }
}
