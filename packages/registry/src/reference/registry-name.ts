import { RtError } from '@rt/sys'
import { DOCKER_HUB, isDockerHub } from './docker-hub.js'
import { isHost } from './reference.js'

/**
 * A registry as `login` is given it: `localhost:5000`, and what Docker takes besides: `https://HOST`, `https://HOST/v2/`.
 *
 * @returns as references spell it
 * @throws RtError RT_INVALID_OPTION
 */
export function parseRegistry(text: string): string {
  const host = text
    .replace(/^https?:\/\//i, '')
    .replace(/\/(?:v[12]\/?)?$/, '')
    .toLowerCase()
  if (isDockerHub(host)) return DOCKER_HUB
  if (isHost(host)) return host
  throw new RtError('RT_INVALID_OPTION', `${JSON.stringify(text.slice(0, 300))} is no registry`, {
    hint: host.includes('/') ? `a registry is HOST[:PORT]: ${host.slice(0, host.indexOf('/'))}` : 'write HOST[:PORT]',
  })
}
