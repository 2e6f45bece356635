import { RtError } from '@rt/sys'
import type { Credentials } from '../credentials/credentials.js'
import { answerError } from '../errors/answer-error.js'
import { RegistryError, showUrl } from '../errors/registry-error.js'
import { readBody } from '../http/body.js'
import type { Connections } from '../http/connections.js'
import type { Body } from '../http/exchange.js'
import type { Patience } from '../http/patience.js'
import { send } from '../http/transport.js'
import type { Challenge } from './challenges.js'

/** A token of a token server. */
export interface Token {
  readonly value: string
  /** `performance.now()` from which on it is not used any more. */
  readonly expires: number
  /** A new refresh token, where the server gives one out. */
  readonly refresh: string | undefined
}

/** Tokens are some kilobytes; a larger answer is none. */
const MAX_TOKEN_ANSWER = 1024 * 1024
/** What a token lives that says nothing about it (distribution, "Token Authentication Specification"). */
const DEFAULT_LIFE = 60_000
/** Renewed so much before its end, so that it doesn't end on the way. */
const MARGIN = 5_000

const CLIENT_ID = 'rt'

/**
 * Asks the token server that a Bearer challenge names: GET, with Basic if there is a password; with a refresh token
 * POST, OAuth2's way (distribution, "Token Authentication Specification" and "Authenticate proxy with OAuth2").
 *
 * @param from the registry's URL, which named the server
 * @param scopes what the token is for
 * @throws RegistryError RT_UNSAFE where the password would go over plain http; RT_PERMISSION when it is refused
 */
export async function requestToken(
  challenge: Challenge,
  from: URL,
  scopes: readonly string[],
  credentials: Credentials | undefined,
  connections: Connections,
  patience: Patience,
): Promise<Token> {
  const realm = realmOf(challenge, from, connections)
  const { service } = challenge.parameters
  const what = `token for ${from.host}`
  const request =
    credentials?.kind === 'refresh-token'
      ? byRefreshToken(realm, service, scopes, credentials.token)
      : byGet(realm, service, scopes, credentials)
  const answer = await send(request, connections, patience, what)
  if (answer.status !== 200) throw await answerError(request.method, answer, what)
  return readToken(await readBody(answer.body, MAX_TOKEN_ANSWER, what), realm)
}

/** Where tokens are given out. It may be another host: that it is the registry's is what the registry says over TLS. */
function realmOf({ parameters }: Challenge, from: URL, connections: Connections): URL {
  const { realm } = parameters
  if (realm === undefined || !URL.canParse(realm)) {
    throw new RtError('RT_REGISTRY', `${from.host} wants a token and doesn't say from where`)
  }
  const url = new URL(realm)
  url.username = ''
  url.password = ''
  if (url.protocol === 'https:') return url
  const plain = from.protocol === 'http:' && url.protocol === 'http:'
  // A registry that may itself be plain may have its token server beside it; any other host must be allowed by itself.
  if (plain && (url.hostname === from.hostname || connections.mayBePlain(url))) return url
  throw new RtError(
    'RT_UNSAFE',
    `${from.host} sends for tokens to ${showUrl(url)}, where anybody between could read them`,
  )
}

function byGet(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credentials: Credentials | undefined,
) {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  url.searchParams.set('client_id', CLIENT_ID)
  const headers: Record<string, string> = {}
  if (credentials?.kind === 'password') {
    url.searchParams.set('account', credentials.username)
    headers.authorization = basic(credentials.username, credentials.password)
  }
  return { method: 'GET', url, headers }
}

function byRefreshToken(realm: URL, service: string | undefined, scopes: readonly string[], token: string) {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: CLIENT_ID,
    refresh_token: token,
    scope: scopes.join(' '),
    ...(service === undefined ? {} : { service }),
  })
  const body: Body = Buffer.from(form.toString())
  return { method: 'POST', url: realm, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body }
}

export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

function readToken(bytes: Buffer, realm: URL): Token {
  const wrong = (why: string, cause?: unknown) =>
    new RegistryError({
      code: 'RT_REGISTRY',
      message: `${showUrl(realm)} gives out no token: ${why}`,
      url: realm,
      cause,
    })
  let answer: Record<string, unknown>
  try {
    answer = (JSON.parse(bytes.toString('utf8')) ?? {}) as Record<string, unknown>
  } catch (cause) {
    throw wrong('its answer is no JSON', cause)
  }
  // Two names for one thing; `token` came first, `access_token` is OAuth2's.
  const value = answer.token || answer.access_token
  if (typeof value !== 'string') throw wrong('its answer has neither "token" nor "access_token"')
  // What is put into a header must not end it.
  if (!/^[\x21-\x7e]+$/.test(value)) throw wrong('it has characters that no header may have')
  const { expires_in: life, refresh_token: refresh } = answer
  const milliseconds = typeof life === 'number' && life > 0 ? life * 1000 : DEFAULT_LIFE
  return {
    value,
    // Of a very short life half is left to use it.
    expires: performance.now() + Math.max(milliseconds - MARGIN, milliseconds / 2),
    refresh: typeof refresh === 'string' && refresh !== '' ? refresh : undefined,
  }
}
