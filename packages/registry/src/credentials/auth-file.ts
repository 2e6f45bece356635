import { type Complaint, RtError } from '@rt/sys'
import { DOCKER_HUB, isDockerHub } from '../reference/docker-hub.js'
import type { Credentials } from './credentials.js'

/** What an auth.json or a config.json says about credentials. */
export interface AuthFile {
  /** The file, for messages. */
  readonly path: string
  /** `HOST`, or with a path below which they count: `HOST/team`. */
  readonly auths: ReadonlyMap<string, Credentials>
  /** The same keys → the name of a helper, `docker-credential-NAME`. */
  readonly helpers: ReadonlyMap<string, string>
  /** The helper for all hosts without one of their own. */
  readonly store: string | undefined
}

/** What a helper may be called: it becomes a program's name, so no path may hide in it. */
const HELPER = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/**
 * Reads containers' auth.json or Docker's config.json (containers-auth.json(5), Docker's "docker login"): `auths`,
 * `credHelpers` and `credsStore`; of the rest, nothing.
 *
 * @param path where the text is from, for messages; no message shows what was in it
 * @throws RtError RT_INVALID_CONFIG with all complaints
 */
export function parseAuthFile(text: string, path: string): AuthFile {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, passwords and all.
    throw new RtError('RT_INVALID_CONFIG', `${JSON.stringify(path)} is no JSON`)
  }
  const complaints: Complaint[] = []
  const { auths, credHelpers, credsStore } = objectAt(document, '', complaints)
  const file: AuthFile = {
    path,
    auths: new Map(
      Object.entries(objectAt(auths ?? {}, 'auths', complaints)).flatMap(([key, value]) => {
        const entry = readEntry(value, `auths[${JSON.stringify(key)}]`, complaints)
        return entry ? [[normalizedKey(key), entry] as const] : []
      }),
    ),
    helpers: new Map(
      Object.entries(objectAt(credHelpers ?? {}, 'credHelpers', complaints)).flatMap(([key, value]) => {
        const name = readHelper(value, `credHelpers[${JSON.stringify(key)}]`, complaints)
        return name === undefined ? [] : [[normalizedKey(key), name] as const]
      }),
    ),
    store: credsStore === undefined ? undefined : readHelper(credsStore, 'credsStore', complaints),
  }
  if (complaints.length > 0)
    throw new RtError('RT_INVALID_CONFIG', `${JSON.stringify(path)} is not valid`, { complaints })
  return file
}

/** Docker once wrote keys as URLs, `https://HOST/v1/`; all names of Docker Hub are one. */
export function normalizedKey(key: string): string {
  const bare = key
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '')
  const [host = '', ...path] = bare.split('/')
  return [isDockerHub(host) ? DOCKER_HUB : host.toLowerCase(), ...path].join('/')
}

function readHelper(value: unknown, path: string, complaints: Complaint[]): string | undefined {
  if (value === '') return undefined
  if (typeof value === 'string' && HELPER.test(value)) return value
  complaints.push({ path, message: 'expected the NAME of a program docker-credential-NAME' })
  return undefined
}

/** One entry of `auths`. Without anything in it, as Docker leaves it beside a credsStore, it says nothing. */
function readEntry(value: unknown, path: string, complaints: Complaint[]): Credentials | undefined {
  const { auth, username, password, identitytoken, registrytoken } = objectAt(value, path, complaints)
  if (isFilled(identitytoken)) return { kind: 'refresh-token', token: identitytoken }
  if (isFilled(registrytoken)) return { kind: 'bearer-token', token: registrytoken }
  if (isFilled(auth)) {
    // Some writers pad the text with zero bytes.
    const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
    const colon = text.indexOf(':')
    if (colon > 0) return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1) }
    complaints.push({ path: `${path}.auth`, message: 'expected USER:PASSWORD in base64' })
    return undefined
  }
  if (isFilled(username) && typeof password === 'string') return { kind: 'password', username, password }
  return undefined
}

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== ''

function objectAt(value: unknown, path: string, complaints: Complaint[]): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  complaints.push({ path, message: 'expected a JSON object' })
  return {}
}
