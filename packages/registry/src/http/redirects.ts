import type { IncomingMessage } from 'node:http'
import { RegistryError, showUrl } from '../errors/registry-error.js'
import type { Connections } from './connections.js'
import { discard } from './discard.js'
import { type Exchange, exchange } from './exchange.js'

/** An answer, and where it came from in the end. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly url: URL
  /** Unread. */
  readonly body: IncomingMessage
}

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** A header of an answer, where it stands once. */
export const header = ({ headers }: Pick<Answer, 'headers'>, name: string): string | undefined => {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/**
 * Sends a request and follows where it is led.
 *
 * Registries lead to object stores for blobs, on other hosts. What proves who we are goes to the first origin alone: a
 * store must not learn the password of the registry (CVE-2020-15157).
 *
 * @throws RegistryError RT_LIMIT for more than 5 redirects; RT_UNSAFE for one from https to http, or to http on a host
 *   that may not be plain; what `exchange` throws
 */
export async function follow(request: Exchange, connections: Connections): Promise<Answer> {
  let { url } = request
  let { headers } = request
  for (let redirects = 0; ; redirects++) {
    const { idle } = connections.options
    const body = await exchange({ ...request, url, headers }, connections.agentFor(url), idle)
    const status = body.statusCode ?? 0
    const { location } = body.headers
    if (!REDIRECTS.has(status) || location === undefined) return { status, headers: body.headers, url, body }
    discard(body)
    if (redirects === MAX_REDIRECTS) {
      throw refused(request, 'RT_LIMIT', `more than ${MAX_REDIRECTS} redirects, the last one to ${showUrl(url)}`)
    }
    const next = target(request, url, location, status, connections)
    if (next.origin !== url.origin) headers = withoutSecrets(headers)
    url = next
  }
}

function target(request: Exchange, from: URL, location: string, status: number, connections: Connections): URL {
  if (!URL.canParse(location, from.href)) throw refused(request, 'RT_REGISTRY', 'it redirects to what is no URL')
  const next = new URL(location, from)
  if (next.protocol !== 'https:' && next.protocol !== 'http:') {
    throw refused(request, 'RT_UNSAFE', `it redirects to ${next.protocol}`)
  }
  // A password in the URL would be sent as one of ours.
  next.username = ''
  next.password = ''
  if (next.protocol === 'http:' && from.protocol === 'https:') {
    throw refused(
      request,
      'RT_UNSAFE',
      `it redirects from https to ${showUrl(next)}, which anybody between could change`,
    )
  }
  if (next.protocol === 'http:' && !connections.mayBePlain(next)) {
    throw refused(request, 'RT_UNSAFE', `it redirects to ${showUrl(next)}, a host that plain http is not allowed for`)
  }
  // 301 to 303 turn other methods into GET, which for an upload would be another request than was asked for.
  const keepsMethod = status === 307 || status === 308 || request.method === 'GET' || request.method === 'HEAD'
  if (!keepsMethod)
    throw refused(request, 'RT_REGISTRY', `it redirects with status ${status}, which would make a GET of it`)
  return next
}

/** Headers that another origin must not see. */
function withoutSecrets(headers: Exchange['headers']): Exchange['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'))
}

const refused = ({ method, url }: Exchange, code: 'RT_LIMIT' | 'RT_UNSAFE' | 'RT_REGISTRY', why: string) =>
  new RegistryError({ code, message: `${method} ${showUrl(url)}: ${why}`, method, url })
