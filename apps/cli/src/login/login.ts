import { readFileSync } from 'node:fs'
import { checkCredentials, parseRegistry, RegistryClient, type StoredCredentials, storeCredentials } from '@rt/registry'
import { invalid } from '../arguments/complaints.js'
import type { Values } from '../arguments/option.js'
import type { loginOptions } from '../options/login.js'
import { warnAbout } from '../progress/warn.js'

const STDIN = 0

/**
 * Asks for what is missing, has the registry check it, and keeps it.
 *
 * @param registry as typed; undefined: Docker Hub
 * @param ask asks on the terminal
 * @throws RtError RT_PERMISSION if the registry refuses; nothing is kept then
 */
export async function login(
  registry = 'docker.io',
  values: Values<typeof loginOptions>,
  signal: AbortSignal,
  ask: (prompt: string, hidden: boolean) => Promise<string>,
): Promise<StoredCredentials> {
  const name = parseRegistry(registry)
  const fromStdin = values['password-stdin'] ?? false
  if (fromStdin && values.username === undefined) throw invalid('--password-stdin: needs a user: -u USER')
  const username = values.username ?? (await ask(`Username for ${name}: `, false))
  const password =
    values.password ?? (fromStdin ? lineFromStdin() : await ask(`Password for ${username} at ${name}: `, true))
  const { authfile } = values
  using client = new RegistryClient({
    credentials: () => ({ kind: 'password', username, password }),
    ...(values['tls-verify'] === undefined ? {} : { tlsVerify: values['tls-verify'] }),
    onWarning: (message) => warnAbout([message]),
  })
  await checkCredentials(client, name, { signal })
  return storeCredentials(name, { username, password }, authfile === undefined ? {} : { authFile: authfile })
}

/** All of stdin, without the newline that `echo` adds. */
const lineFromStdin = (): string => readFileSync(STDIN, 'utf8').replace(/\r?\n$/, '')
