import type { Credentials } from '../credentials/credentials.js'
import { RegistryError } from '../errors/registry-error.js'
import type { Connections } from '../http/connections.js'
import type { Patience } from '../http/patience.js'
import type { Challenge } from './challenges.js'
import { withChallenged } from './scope.js'
import { basic, requestToken, type Token } from './token.js'

/** What one repository's requests are signed with. Tokens are kept per scope, and renewed before they end. */
export class Authorizer {
  readonly #tokens = new Map<string, Promise<Token>>()
  /** The last challenge that was answered: by it a token that ended is renewed without being refused first. */
  #challenge: Challenge | undefined
  #credentials: Promise<Credentials | undefined> | undefined

  constructor(
    /** The registry's `https://HOST/`. */
    readonly base: URL,
    readonly findCredentials: () => Promise<Credentials | undefined>,
    readonly connections: Connections,
  ) {}

  /** The Authorization header for the next request; undefined: none, until the registry asks for one. */
  async header(scopes: readonly string[], patience: Patience): Promise<string | undefined> {
    if (this.#challenge) return this.#answer(this.#challenge, scopes, patience)
    const credentials = await this.#find()
    return credentials?.kind === 'bearer-token' ? `Bearer ${credentials.token}` : undefined
  }

  /**
   * Answers a 401.
   *
   * @param refused the header that was refused, if there was one: the token that it holds is not used again
   * @throws RegistryError RT_PERMISSION if there is no way in: no credentials for Basic, or only schemes that aren't known
   */
  async challenged(
    challenges: readonly Challenge[],
    scopes: readonly string[],
    refused: string | undefined,
    patience: Patience,
  ): Promise<string> {
    const credentials = await this.#find()
    // Bearer first: with it a password goes to the token server only, once, and anonymous is possible.
    const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.realm !== undefined)
    const challenge =
      bearer ?? (credentials?.kind === 'password' ? challenges.find(({ scheme }) => scheme === 'basic') : undefined)
    if (!challenge) throw this.#noWayIn(challenges, credentials)
    this.#challenge = challenge
    const key = this.#key(scopes)
    const known = await this.#tokens.get(key)
    // Of two requests that were refused with the same old token, the second finds the first one's new token here.
    if (known && `Bearer ${known.value}` === refused) this.#tokens.delete(key)
    return this.#answer(challenge, scopes, patience)
  }

  async #answer(challenge: Challenge, scopes: readonly string[], patience: Patience): Promise<string> {
    const credentials = await this.#find()
    if (challenge.scheme === 'basic' && credentials?.kind === 'password') {
      return basic(credentials.username, credentials.password)
    }
    const key = this.#key(scopes)
    const known = this.#tokens.get(key)
    if (known && (await known).expires > performance.now()) return `Bearer ${(await known).value}`
    // While others waited for the old one, somebody may have asked for the new one.
    const latest = this.#tokens.get(key)
    const token = latest && latest !== known ? latest : this.#request(challenge, scopes, patience)
    return `Bearer ${(await token).value}`
  }

  #request(challenge: Challenge, scopes: readonly string[], patience: Patience): Promise<Token> {
    const key = this.#key(scopes)
    const all = withChallenged(scopes, challenge.parameters.scope)
    const token = this.#find().then(async (credentials) => {
      const fresh = await requestToken(challenge, this.base, all, credentials, this.connections, patience)
      // OAuth2 servers may give out a refresh token once only.
      if (fresh.refresh !== undefined && credentials?.kind === 'refresh-token') {
        this.#credentials = Promise.resolve({ kind: 'refresh-token', token: fresh.refresh })
      }
      return fresh
    })
    this.#tokens.set(key, token)
    // A failure is told to who waits for it now, and not to who asks later.
    token.catch(() => {
      if (this.#tokens.get(key) === token) this.#tokens.delete(key)
    })
    return token
  }

  #find(): Promise<Credentials | undefined> {
    this.#credentials ??= this.findCredentials()
    return this.#credentials
  }

  #key(scopes: readonly string[]): string {
    return scopes.join(' ')
  }

  #noWayIn(challenges: readonly Challenge[], credentials: Credentials | undefined): RegistryError {
    const schemes = challenges.map(({ scheme }) => scheme).join(', ')
    const wantsPassword = challenges.some(({ scheme }) => scheme === 'basic')
    const { host } = this.base
    return new RegistryError({
      code: 'RT_PERMISSION',
      status: 401,
      url: this.base,
      message: wantsPassword
        ? `${host} wants a user and a password, and there ${credentials ? 'is only a token' : 'are none'} for it`
        : `${host} wants authorization by ${schemes || 'what it does not say'}, and only bearer and basic are known`,
      ...(wantsPassword ? { hint: `docker login ${host}, or podman login ${host}` } : {}),
    })
  }
}
