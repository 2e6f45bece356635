import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { RegistryError } from '../errors/registry-error.js'
import { discard } from '../http/discard.js'
import { parseRegistry } from '../reference/registry-name.js'
import { type RegistryClient, sessionOf } from '../session/client.js'

export interface CheckCredentialsOptions {
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<CheckCredentialsOptions> = { signal: true }

/**
 * Asks a registry whether it lets us in (distribution-spec, "Determining Support": GET /v2/), with the client's credentials
 * for it. A registry that asks nobody who he is has nothing to check.
 *
 * @param registry `localhost:5000`, `docker.io`
 * @throws RtError RT_INVALID_OPTION for what is no registry; RT_PERMISSION if it doesn't; RT_NETWORK, RT_REGISTRY
 */
export async function checkCredentials(
  client: RegistryClient,
  registry: string,
  options: CheckCredentialsOptions = {},
): Promise<void> {
  refuseUnknownOptions('checkCredentials', options, OPTIONS)
  const session = sessionOf(client)
  const name = parseRegistry(registry)
  const repository = await session.pushTarget({ registry: name, repository: '' })
  try {
    const answer = await repository.request({
      method: 'GET',
      target: new URL('/v2/', repository.base),
      expect: [200],
      scopes: [],
      patience: session.patience(options.signal),
      what: `registry ${name}`,
    })
    discard(answer.body)
  } catch (error) {
    throw explained(error, name)
  }
}

function explained(error: unknown, name: string): unknown {
  if (!RegistryError.isInstance(error)) return error
  const { status, registryErrors } = error
  if (status === 404) return error.withHint(`what answers at ${name} is no registry`)
  if (status !== 401 && status !== 403) return error
  const said = registryErrors.map(({ message, code }) => message || code).join('; ')
  return new RegistryError({
    code: 'RT_PERMISSION',
    message: `${name} does not accept these credentials${said === '' ? '' : ` (${said})`}`,
    status,
    registryErrors,
    cause: error,
  })
}
