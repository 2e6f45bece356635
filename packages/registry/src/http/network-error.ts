import { RegistryError, showUrl } from '../errors/registry-error.js'

/** Codes of connections that broke, or of hosts that are busy: another attempt may succeed. */
const TRANSIENT: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
])

/** Certificates that prove nothing here, in the words of Node's TLS. */
const UNTRUSTED = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_)/

export const codeOf = (error: unknown): string => {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}

export const isTransient = (error: unknown): boolean => TRANSIENT.has(codeOf(error))

/** Whether what answered on a TLS connection doesn't speak TLS, as a plain http server does. */
export const speaksNoTls = (error: unknown): boolean =>
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/.test(codeOf(error)) ||
  (codeOf(error) === 'EPROTO' && /wrong version number|packet length too long/i.test(String(error)))

/** Node's error of a connection, said for people. */
export function networkError(method: string, url: URL, cause: unknown): RegistryError {
  const code = codeOf(cause)
  // Where a name has several addresses the error is an AggregateError, whose message is empty.
  const message = (cause as Error).message || code
  const broke = isTransient(cause) && code !== 'EAI_AGAIN'
  const hint = hintFor(code, url, cause)
  return new RegistryError({
    code: 'RT_NETWORK',
    message: `${broke ? 'the connection broke' : `cannot reach ${url.host}`} (${method} ${showUrl(url)}): ${message}`,
    method,
    url,
    cause,
    ...(hint === undefined ? {} : { hint }),
  })
}

function hintFor(code: string, url: URL, cause: unknown): string | undefined {
  if (code === 'ENOTFOUND') return `is ${url.hostname} spelled right? A name without "." or ":" is no host`
  if (code === 'ECONNREFUSED')
    return `nothing listens there on port ${url.port || (url.protocol === 'http:' ? 80 : 443)}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another host'
  if (UNTRUSTED.test(code)) {
    return `put the certificate of its CA into certs.d/${url.host}/ca.crt (of /etc/containers or /etc/docker)`
  }
  if (speaksNoTls(cause))
    return 'it speaks plain http: allow that with tlsVerify: false, or insecure = true in registries.conf'
  return undefined
}
