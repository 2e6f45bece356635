import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/documents/media-types.js'
import type { TestRegistry } from './registry-server.js'

export const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json'
const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'

/** Puts an image of one layer into a registry, and gives its descriptor. */
export function putImage(
  registry: TestRegistry,
  repository: string,
  tag: string | undefined,
  {
    layer = 'a layer',
    type = OCI_MANIFEST,
    platform = { os: 'linux', architecture: 'amd64' } as Record<string, string>,
  } = {},
) {
  const config = { mediaType: type === DOCKER_MANIFEST ? DOCKER_CONFIG : CONFIG_TYPE }
  const document = {
    schemaVersion: 2,
    mediaType: type,
    config: {
      ...config,
      ...registry.putBlob(repository, JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [] } })),
    },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...registry.putBlob(repository, layer) }],
  }
  return { ...registry.putManifest(repository, tag, type, document), platform, document }
}

/** Puts an index over descriptors into a registry. */
export function putIndex(
  registry: TestRegistry,
  repository: string,
  tag: string | undefined,
  manifests: readonly object[],
  type = OCI_INDEX,
) {
  const bare = manifests.map((each) => ({ ...each, document: undefined }))
  return registry.putManifest(repository, tag, type, { schemaVersion: 2, mediaType: type, manifests: bare })
}
