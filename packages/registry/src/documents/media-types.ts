export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'

/** Lists of manifests (image-spec "image-index.md"; distribution, "Image Manifest Version 2, Schema 2"). */
export const INDEX_TYPES: readonly string[] = [OCI_INDEX, DOCKER_LIST]

export const MANIFEST_TYPES: readonly string[] = [OCI_MANIFEST, DOCKER_MANIFEST]

/** Of images; a manifest with another config is an artifact. */
export const IMAGE_CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]

/** Docker's first format, which has no digests of its layers' content: signed or not, nobody writes it any more. */
export const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/

/** What registries and file servers say that don't know what they serve: nothing, in other words. */
export const GENERIC_TYPES: readonly string[] = ['', 'application/json', 'text/plain', 'application/octet-stream']

/** A Content-Type without its parameters. */
export const bareType = (contentType: string | undefined): string =>
  (contentType ?? '').split(';')[0]!.trim().toLowerCase()

/** What a client must say that it reads, or registries convert what they have. */
export const ACCEPT = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ')
