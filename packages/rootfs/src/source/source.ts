import type { Compression } from '../compression/magic.js'
import type { ImageReference } from '../oci/reference.js'

/** Where a root filesystem comes from. */
export type Source =
  /** The host's own `/`, never written to. */
  | { readonly kind: 'host' }
  /** A directory that is one. */
  | { readonly kind: 'directory'; readonly path: string }
  /** A tar file with one. */
  | { readonly kind: 'tar'; readonly path: string; readonly compression: Compression }
  /** An image in an OCI layout directory. */
  | ({ readonly kind: 'oci'; readonly path: string } & ImageReference)
