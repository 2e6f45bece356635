/** An image of an archive: its manifest, perhaps made for it, whose blobs are in the store. */
export interface FoundImage {
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly digest: string
  readonly names: readonly string[]
  readonly platform?: Readonly<Record<string, unknown>> | undefined
}
