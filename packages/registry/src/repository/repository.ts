import { RtError } from '@rt/sys'
import { Authorizer } from '../auth/authorizer.js'
import { parseChallenges } from '../auth/challenges.js'
import type { Credentials } from '../credentials/credentials.js'
import { answerError } from '../errors/answer-error.js'
import { RegistryError, showUrl } from '../errors/registry-error.js'
import { readBody } from '../http/body.js'
import type { Connections } from '../http/connections.js'
import { discard } from '../http/discard.js'
import type { Body } from '../http/exchange.js'
import { isTransient, networkError } from '../http/network-error.js'
import type { Patience } from '../http/patience.js'
import { type Answer, header } from '../http/redirects.js'
import { send } from '../http/transport.js'

/** A request to the API of a repository. */
export interface ApiRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT'
  /** Below `/v2/REPOSITORY/`; or a URL that the registry gave (a Location). */
  readonly target: string | URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
  /** Statuses that are no error. */
  readonly expect: readonly number[]
  readonly scopes: readonly string[]
  readonly patience: Patience
  /** What is asked for, for messages. */
  readonly what: string
}

/** A repository on one host: requests go out authorized, retried and redirected, and come back as they were expected. */
export class Repository {
  readonly #authorizer: Authorizer

  constructor(
    /** `https://HOST/` */
    readonly base: URL,
    /** `library/debian` */
    readonly name: string,
    readonly connections: Connections,
    findCredentials: () => Promise<Credentials | undefined>,
  ) {
    this.#authorizer = new Authorizer(base, findCredentials, connections)
  }

  /** `HOST/REPOSITORY`, for messages. */
  get place(): string {
    return `${this.base.host}/${this.name}`
  }

  url(target: string | URL): URL {
    return target instanceof URL ? target : new URL(`/v2/${this.name}/${target}`, this.base)
  }

  /**
   * @returns an answer of one of the expected statuses, its body unread: read it or destroy it
   * @throws RegistryError
   */
  async request(request: ApiRequest): Promise<Answer> {
    const { method, patience, scopes, what, body } = request
    const url = this.url(request.target)
    // A registry may send an upload to another host; who we are is for the registry alone.
    const isOwn = url.origin === this.base.origin
    const once = (authorization: string | undefined): Promise<Answer> => {
      const headers = { ...request.headers, ...(authorization === undefined ? {} : { authorization }) }
      return send({ method, url, headers, ...(body === undefined ? {} : { body }) }, this.connections, patience, what)
    }
    const signed = isOwn ? await this.#authorizer.header(scopes, patience) : undefined
    let answer = await once(signed)
    if (answer.status === 401 && isOwn && answer.url.origin === this.base.origin) {
      const challenges = parseChallenges(header(answer, 'www-authenticate') ?? '')
      // Without a challenge there is nothing to answer: the 401 itself is told below.
      if (challenges.length > 0) {
        discard(answer.body)
        answer = await once(await this.#authorizer.challenged(challenges, scopes, signed, patience))
      }
    }
    if (request.expect.includes(answer.status)) return answer
    throw await answerError(method, answer, what)
  }

  /**
   * A request whose answer is small: read whole, and asked again if it breaks off.
   *
   * @param limit bytes of the body
   */
  async fetch(request: ApiRequest, limit: number): Promise<{ readonly answer: Answer; readonly bytes: Buffer }> {
    for (;;) {
      const answer = await this.request(request)
      try {
        return { answer, bytes: await readBody(answer.body, limit, request.what) }
      } catch (error) {
        await afterBreak(error, request, answer.url)
      }
    }
  }

  /**
   * Where a Location header leads.
   *
   * @throws RegistryError RT_REGISTRY without one; RT_UNSAFE from https to http
   */
  location(answer: Answer, what: string): URL {
    const text = header(answer, 'location') ?? ''
    if (text === '' || !URL.canParse(text, answer.url.href)) {
      throw new RegistryError({
        code: 'RT_REGISTRY',
        message: `${what}: ${showUrl(answer.url)} doesn't say where to go on`,
        url: answer.url,
      })
    }
    const next = new URL(text, answer.url)
    if (next.protocol !== 'https:' && !(this.base.protocol === 'http:' && this.connections.mayBePlain(next))) {
      throw new RegistryError({
        code: 'RT_UNSAFE',
        message: `${what}: ${showUrl(answer.url)} leads to ${next.protocol}//${next.host}, which anybody between could read`,
        hint: 'a registry behind a proxy must be told that it is reached by https (X-Forwarded-Proto)',
        url: answer.url,
      })
    }
    return next
  }
}

/** After a body broke off: waits if the connection is to blame, else throws. */
export async function afterBreak(
  error: unknown,
  { method, patience }: Pick<ApiRequest, 'method' | 'patience'>,
  url: URL,
): Promise<void> {
  if (patience.signal?.aborted) throw patience.signal.reason
  if (RtError.isInstance(error) || !isTransient(error)) throw error
  await patience.pause(networkError(method, url, error))
}
