import { type ImageInfo, type ImageStore, pushImage } from '@rt/image'
import type { RegistryClient } from '@rt/registry'
import type { Showing } from '../progress/showing.js'
import { short } from './pull-shown.js'

export interface PushRequest {
  readonly store: ImageStore
  readonly client: RegistryClient
  readonly image: ImageInfo
  readonly destination: string
  readonly signal?: AbortSignal
  readonly showing: Showing
}

const STATUS = {
  waiting: 'Preparing',
  pushing: 'Pushing',
  uploaded: 'Pushed',
  mounted: 'Mounted from another repository',
  'there already': 'Layer already exists',
} as const

/** Push an image, and say how far it is as Docker does. */
export async function pushShown(request: PushRequest): Promise<void> {
  const { store, client, image, destination, signal, showing } = request
  const reference = client.meanings(destination)[0]
  const { registry, repository, tag = 'latest' } = reference
  showing.line(`The push refers to repository [${registry}/${repository}]`)
  try {
    const digest = await pushImage(store, client, image, reference, {
      ...(signal ? { signal } : {}),
      onProgress: ({ digest, status, current, total }) =>
        showing.part({ id: short(digest), status: STATUS[status], current, total }),
    })
    showing.line(`${tag}: digest: ${digest} size: ${image.manifest.bytes.length}`)
  } finally {
    showing.end()
  }
}
