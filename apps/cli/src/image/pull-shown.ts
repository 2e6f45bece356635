import { type ComingImage, type ImageStore, type Lease, type PulledToStore, pullImage } from '@rt/image'
import type { Platform, Reference, RegistryClient } from '@rt/registry'
import type { Showing } from '../progress/showing.js'
import { familiar, wholeNames } from './names.js'

export interface PullRequest {
  readonly store: ImageStore
  readonly client: RegistryClient
  readonly name: string | Reference
  readonly platform?: Platform | undefined
  readonly signal?: AbortSignal | undefined
  readonly lease?: Lease | undefined
  readonly showing: Showing
  /** See PullImageOptions of @rt/image. */
  readonly onImage?: (coming: ComingImage) => void
}

/** The first 12 hex digits, as Docker shows digests. */
export const short = (digest: string): string => digest.slice(digest.indexOf(':') + 1).slice(0, 12)

const STATUS = {
  waiting: 'Waiting',
  exists: 'Already exists',
  downloading: 'Downloading',
  complete: 'Pull complete',
} as const

/** Pull an image, and say how far it is as Docker does. */
export async function pullShown(request: PullRequest): Promise<PulledToStore> {
  const { store, client, name, platform, signal, lease, showing, onImage } = request
  const [first = ''] = wholeNames(client, name)
  const seen = new Set<string>()
  showing.line(`${versionOf(first)}: Pulling from ${repositoryShown(first)}`)
  try {
    const pulled = await pullImage(
      store,
      client,
      name,
      {
        ...(platform ? { platform } : {}),
        ...(signal ? { signal } : {}),
        ...(onImage ? { onImage } : {}),
        onProgress({ digest, status, current, total }) {
          // At first each waits for its turn; later only for another pull of the same.
          const isFirst = status === 'waiting' && !seen.has(digest)
          seen.add(digest)
          showing.part({ id: short(digest), status: isFirst ? 'Pulling fs layer' : STATUS[status], current, total })
        },
      },
      lease,
    )
    showing.line(`Digest: ${pulled.digest}`)
    const what = pulled.isNew ? 'Downloaded newer image' : 'Image is up to date'
    showing.line(`Status: ${what} for ${familiar(pulled.name)}`)
    return pulled
  } finally {
    showing.end()
  }
}

const versionOf = (whole: string): string => /@(.*)$/.exec(whole)?.[1] ?? /:([^:/]*)$/.exec(whole)?.[1] ?? 'latest'

/** Docker leaves out its own registry, and no other. */
const repositoryShown = (whole: string): string =>
  whole
    .replace(/@.*$/, '')
    .replace(/:[^:/]*$/, '')
    .replace(/^docker\.io\//, '')
