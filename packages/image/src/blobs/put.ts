import type { Places } from '../store/places.js'
import { type BlobWanted, ingest } from './ingest.js'

/** Brings a document into the store that is in memory. @returns whether it was new */
export const put = (
  places: Places,
  blob: BlobWanted,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> =>
  ingest(
    places,
    { digest: blob.digest, size: bytes.length },
    {
      verifies: false,
      async *open(have) {
        let from = 0
        if (have) for await (const chunk of have) from += chunk.length
        yield bytes.subarray(from)
      },
    },
    { signal },
  )
