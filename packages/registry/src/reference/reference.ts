import { RtError } from '@rt/sys'
import { digestComplaint } from './digest.js'
import { DOCKER_HUB } from './docker-hub.js'

/** Where an image is, with nothing left to guess. */
export interface Reference {
  /** `HOST` or `HOST:PORT` as references spell it: `docker.io`, `localhost:5000`. */
  readonly registry: string
  /** `library/debian` */
  readonly repository: string
  /** Undefined with a digest, or where the whole repository is meant. */
  readonly tag?: string | undefined
  /** `sha256:…` of a manifest or an index. It wins over a tag that is there too. */
  readonly digest?: string | undefined
}

/** What somebody wrote: without a registry it is a short name, which registries.conf or a default completes. */
export interface ImageName extends Omit<Reference, 'registry'> {
  readonly registry: string | undefined
}

/** One part of a repository's name (distribution-spec, "Pulling manifests"). */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?'
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]{1,5})?$`)

/** Registries must take names of up to 255 characters, host included (distribution-spec, "Pulling manifests"). */
const MAX_NAME = 255

const invalid = (text: string, why: string, hint?: string): RtError =>
  new RtError('RT_INVALID_OPTION', `${JSON.stringify(text.slice(0, 300))} names no image: ${why}`, { hint })

/** Whether the first part of a name is a host, as Docker tells it from a part of the repository. */
const looksLikeHost = (part: string): boolean => /[.:]/.test(part) || part === 'localhost'

export const isHost = (text: string): boolean => HOST.test(text)

/**
 * Reads `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`, the grammar of Docker's references within what distribution-spec
 * allows. Nothing is completed except that of Docker Hub's own images: `docker.io/debian` is `docker.io/library/debian`.
 *
 * @param text as typed: `debian`, `localhost:5000/team/app:v1`, `docker.io/debian@sha256:…`
 * @throws RtError RT_INVALID_OPTION that says which part is wrong
 */
export function parseReference(text: string): ImageName {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    throw invalid(text, 'it is a URL', `leave out ${text.slice(0, text.indexOf('://') + 3)}`)
  }
  const [name = '', digest, ...moreDigests] = text.split('@')
  if (moreDigests.length > 0) throw invalid(text, '"@" stands there twice')
  const complaint = digest === undefined ? undefined : digestComplaint(digest)
  if (complaint !== undefined) throw invalid(text, complaint)

  const slash = name.lastIndexOf('/')
  const [last = '', tag, ...moreTags] = name.slice(slash + 1).split(':')
  if (moreTags.length > 0) throw invalid(text, '":" stands twice behind the last "/"', 'a tag has no ":" in it')
  if (tag !== undefined && !TAG.test(tag)) {
    throw invalid(text, `${JSON.stringify(tag)} is no tag`, 'a tag is up to 128 letters, digits, "_", "." and "-"')
  }
  const parts = [...(slash < 0 ? [] : name.slice(0, slash).split('/')), last]
  const host = parts.length > 1 && looksLikeHost(parts[0]!) ? parts.shift()! : undefined
  if (host !== undefined && !HOST.test(host)) throw invalid(text, `${JSON.stringify(host)} is no host`)
  return { ...completed(host?.toLowerCase(), checkedRepository(parts, text)), tag, digest }
}

function checkedRepository(parts: readonly string[], text: string): string {
  for (const part of parts) {
    if (COMPONENT.test(part)) continue
    if (part === '') throw invalid(text, 'a part of its name is empty')
    const hint = /[A-Z]/.test(part)
      ? `names of repositories are lower-case: ${part.toLowerCase()}`
      : 'they are lower-case letters and digits, with ".", "_", "__" or "-" between them'
    throw invalid(text, `${JSON.stringify(part)} is no part of a repository's name`, hint)
  }
  const repository = parts.join('/')
  if (repository.length > MAX_NAME) throw invalid(text, `its name is longer than ${MAX_NAME} characters`)
  return repository
}

/** A registry and a repository of it. `index.docker.io` is what Docker Hub was called when it began. */
function completed<R extends string | undefined>(registry: R, repository: string): { registry: R; repository: string } {
  const hub = registry === DOCKER_HUB || registry === 'index.docker.io'
  if (!hub) return { registry, repository }
  return { registry: DOCKER_HUB as R, repository: repository.includes('/') ? repository : `library/${repository}` }
}

/** A short name at a registry. */
export const atRegistry = (name: ImageName, registry: string): Reference => ({
  ...name,
  ...completed(registry, name.repository),
})

/** `HOST/REPOSITORY`, what registries.conf and credentials are keyed by. */
export const repositoryName = ({ registry, repository }: Pick<Reference, 'registry' | 'repository'>): string =>
  `${registry}/${repository}`

/** As `parseReference` reads it. */
export const formatReference = ({ registry, repository, tag, digest }: ImageName): string =>
  `${registry === undefined ? '' : `${registry}/`}${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`

/** What the API is asked for: the digest, else the tag, else `latest` as in Docker. */
export const versionOf = ({ tag, digest }: Pick<Reference, 'tag' | 'digest'>): string => digest ?? tag ?? 'latest'
