const OCI = 'application/vnd.oci.image'
const DOCKER = 'application/vnd.docker'

/** Lists of manifests (image-spec "image-index.md", and Docker's twin). */
export const INDEX_TYPES: readonly string[] = [`${OCI}.index.v1+json`, `${DOCKER}.distribution.manifest.list.v2+json`]

export const MANIFEST_TYPES: readonly string[] = [`${OCI}.manifest.v1+json`, `${DOCKER}.distribution.manifest.v2+json`]

export const CONFIG_TYPES: readonly string[] = [`${OCI}.config.v1+json`, `${DOCKER}.container.image.v1+json`]

/** Layers that are read; which compression they have is seen in their first bytes, not believed from here. */
export const LAYER_TYPES: readonly string[] = [
  ...['', '+gzip', '+zstd'].flatMap((suffix) => [
    `${OCI}.layer.v1.tar${suffix}`,
    // Deprecated, and by now layers like others.
    `${OCI}.layer.nondistributable.v1.tar${suffix}`,
  ]),
  `${DOCKER}.image.rootfs.diff.tar`,
  `${DOCKER}.image.rootfs.diff.tar.gzip`,
  `${DOCKER}.image.rootfs.diff.tar.zstd`,
  `${DOCKER}.image.rootfs.foreign.diff.tar.gzip`,
]
