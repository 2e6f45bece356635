import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'

/**
 * CAs for a connection that believes some more: `ca` replaces what Node believes, so the usual ones are given with them,
 * and those of NODE_EXTRA_CA_CERTS, which Node then leaves out as well.
 *
 * @param own PEM
 */
export function trustedRoots(own: readonly string[], environment: NodeJS.ProcessEnv): string[] {
  const extra = environment.NODE_EXTRA_CA_CERTS
  return [...rootCertificates, ...(extra ? [readFileSync(extra, 'utf8')] : []), ...own]
}
