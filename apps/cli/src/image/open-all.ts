import { type ImageStore, openStore } from '@rt/image'
import { RegistryClient } from '@rt/registry'

/** The store, and a client that only says what names mean: no host is asked. */
export function openAll(values: { readonly 'root-dir'?: string | undefined }): {
  readonly store: ImageStore
  readonly client: RegistryClient
} {
  const rootDir = values['root-dir']
  return { store: openStore(rootDir === undefined ? {} : { rootDir }), client: new RegistryClient() }
}
