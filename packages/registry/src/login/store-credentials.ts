import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { RtError, refuseUnknownOptions } from '@rt/sys'
import { normalizedKey } from '../credentials/auth-file.js'
import { tellHelper } from '../credentials/credential-helper.js'
import { type EditableAuthFile, newAuthFile, openAuthFile, writeAuthFile } from '../credentials/edit-auth-file.js'
import { serverOf } from '../credentials/find-credentials.js'
import { DOCKER_HUB, DOCKER_HUB_CREDENTIALS } from '../reference/docker-hub.js'
import { parseRegistry } from '../reference/registry-name.js'
import { LOGIN_OPTIONS, type LoginOptions, loginFiles } from './login-options.js'

/** A user and his password for a registry. */
export interface Login {
  readonly username: string
  readonly password: string
}

/** Where credentials are now. */
export interface StoredCredentials {
  /** The file that holds them, or that names the helper. */
  readonly file: string
  /** NAME of docker-credential-NAME; undefined: they are in the file, which its owner alone can read. */
  readonly helper: string | undefined
}

/**
 * Keeps credentials where RegistryClient, docker and podman find them: with the credential helper that a file names for the
 * registry, or in the file (containers-auth.json(5), Docker's "docker login"). Of several files it is the one that has the
 * registry already, else that of DOCKER_CONFIG, else the first that is there, else containers' auth.json of the user. The
 * file is written whole or not at all, with mode 0600, and what else it holds stays. They are not checked.
 *
 * @param registry `localhost:5000`, `docker.io`
 * @throws RtError RT_INVALID_OPTION; RT_NOT_FOUND if the helper is not installed, RT_HOOK if it fails; RT_INVALID_CONFIG,
 *   RT_PERMISSION for files
 */
export async function storeCredentials(
  registry: string,
  { username, password }: Login,
  options: LoginOptions = {},
): Promise<StoredCredentials> {
  refuseUnknownOptions('storeCredentials', options, LOGIN_OPTIONS)
  const name = parseRegistry(registry)
  if (username === '' || password === '') throw new RtError('RT_INVALID_OPTION', 'a user and a password are not empty')
  // In the file they are one text, USER:PASSWORD.
  if (username.includes(':')) throw new RtError('RT_INVALID_OPTION', 'the name of a user has no ":" in it')
  const file = await fileFor(name, options)
  const { path, helpers, store } = file.read
  const helper = helpers.get(name) ?? store
  file.document.auths ??= {}
  const { auths } = file.document
  const key = Object.keys(auths).find((each) => normalizedKey(each) === name) ?? keyFor(name, path)
  for (const each of Object.keys(auths)) if (normalizedKey(each) === name) delete auths[each]
  if (helper === undefined) {
    auths[key] = { auth: Buffer.from(`${username}:${password}`).toString('base64') }
  } else {
    const server = serverOf(name)
    const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password })
    const told = await tellHelper(helper, 'store', server, input, options.environment ?? process.env)
    if (told === 'not-installed') throw notInstalled(helper, path)
    // As Docker leaves it there: it says that somebody has logged in, and nothing else.
    auths[key] = {}
  }
  await writeAuthFile(file)
  return { file: path, helper }
}

async function fileFor(name: string, options: LoginOptions): Promise<EditableAuthFile> {
  const paths = loginFiles(options)
  const files = await Promise.all(paths.map(openAuthFile))
  const environment = options.environment ?? process.env
  const named = environment.DOCKER_CONFIG && join(environment.DOCKER_CONFIG, 'config.json')
  const isNamed = named !== undefined && named !== '' && paths.includes(named)
  return (
    files.find((file) => file && (file.read.auths.has(name) || file.read.helpers.has(name))) ??
    (isNamed ? (files[paths.indexOf(named)] ?? newAuthFile(named)) : undefined) ??
    files.find((file) => file !== undefined) ??
    newAuthFile(paths.length === 1 ? (paths[0] as string) : userFile(options))
  )
}

/** It outlives a restart, as the one in the runtime directory doesn't. */
function userFile({ environment = process.env, home = homedir() }: LoginOptions): string {
  return join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json')
}

/** Docker looks for Docker Hub under a URL. */
const keyFor = (name: string, path: string): string =>
  name === DOCKER_HUB && basename(path) === 'config.json' ? DOCKER_HUB_CREDENTIALS : name

const notInstalled = (helper: string, path: string): RtError =>
  new RtError('RT_NOT_FOUND', `docker-credential-${helper}, which ${JSON.stringify(path)} wants, is not installed`, {
    hint: `install it, or take it out of the file in ${JSON.stringify(dirname(path))}: then passwords are kept there`,
  })
