import type { ClientRequest, IncomingMessage } from 'node:http'

/** Bytes that are sooner read than a new connection is made. */
const SMALL = 64 * 1024

/** Node's own property, which its types leave out. */
const requestOf = (body: IncomingMessage): ClientRequest =>
  (body as IncomingMessage & { readonly req: ClientRequest }).req

/** Whether the request was sent whole before it was answered. */
export const isSent = (body: IncomingMessage): boolean => requestOf(body).writableFinished

/** Ends an answer and its request, and with them the connection. */
export const abandon = (body: IncomingMessage): void => {
  requestOf(body).destroy()
}

/**
 * Lets go of an answer whose body nobody reads. A small one is read away, so that the connection serves the next request;
 * a large one, or one that came before the request was sent whole, ends the connection.
 */
export function discard(body: IncomingMessage): void {
  const hasNone = body.statusCode === 204 || requestOf(body).method === 'HEAD'
  const length = hasNone ? 0 : Number(body.headers['content-length'])
  if (!isSent(body) || !(length <= SMALL)) {
    abandon(body)
    return
  }
  // If it breaks off now, nothing is lost.
  body.on('error', () => undefined)
  body.resume()
}
