import { type BlobContent, checkedContent } from './content.js'
import { closeSession, type UploadSession } from './upload-session.js'

/**
 * Sends a blob in one request: PUT to a session's place (distribution-spec, "POST then PUT"). After a connection that
 * broke a registry may hold a part, which no PUT goes on from: then all of it is sent in a new session.
 *
 * @param start opens a session
 * @returns false if it is too large for one request (413): chunks may do
 * @throws RegistryError
 */
export async function uploadSingle(start: () => Promise<UploadSession>, content: BlobContent): Promise<boolean> {
  for (;;) {
    const closed = await closeSession(await start(), { length: content.size, open: () => checkedContent(content) })
    if (closed !== 'lost') return closed === 'stored'
  }
}
