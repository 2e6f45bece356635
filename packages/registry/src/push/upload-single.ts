import { type BlobContent, checkedContent } from './content.js'
import { closingUrl, confirmDigest, sendPart, type UploadSession } from './upload-session.js'

/**
 * Sends a blob in one request: PUT to the session's place (distribution-spec, "POST then PUT").
 *
 * @returns false if it is too large for one request (413): chunks may do
 */
export async function uploadSingle(session: UploadSession, content: BlobContent): Promise<boolean> {
  const answer = await sendPart(session, {
    method: 'PUT',
    target: closingUrl(session),
    headers: { 'content-type': 'application/octet-stream' },
    body: { length: content.size, open: () => checkedContent(content) },
    expect: [201, 204, 413],
  })
  if (answer.status === 413) return false
  confirmDigest(session, answer)
  return true
}
