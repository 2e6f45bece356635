import { createHash, randomUUID } from 'node:crypto'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'

/** What a test registry answers a request with; `undefined` from a rule: as a registry should. */
export type Rule = (
  request: IncomingMessage,
  response: ServerResponse,
) => boolean | undefined | Promise<boolean | undefined>

export interface Seen {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
  readonly range: string | undefined
  readonly host: string | undefined
}

export interface ServerOptions {
  /** PEM; with it TLS is spoken. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string; readonly requestCert?: boolean }
  /** Default: true. */
  readonly referrers?: boolean
  /** OCI-Chunk-Min-Length. */
  readonly chunkMinimum?: number
}

interface Stored {
  readonly type: string
  readonly bytes: Buffer
}

export const sha256 = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/**
 * A small registry in memory (distribution-spec 1.1) on a port of 127.0.0.1. `rules` may answer in its place, which is how
 * it misbehaves; `seen` is what it was asked.
 */
export class TestRegistry {
  readonly blobs = new Map<string, Buffer>()
  readonly manifests = new Map<string, Stored>()
  readonly seen: Seen[] = []
  readonly rules: Rule[] = []
  /** Made so far. */
  connections = 0
  readonly #uploads = new Map<string, Buffer>()
  readonly #server: http.Server | https.Server

  private constructor(readonly options: ServerOptions) {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
    }
    this.#server = options.tls
      ? https.createServer({ ...options.tls, rejectUnauthorized: options.tls.requestCert ?? false }, listener)
      : http.createServer(listener)
    this.#server.on('connection', () => this.connections++)
  }

  static async start(options: ServerOptions = {}): Promise<TestRegistry> {
    const registry = new TestRegistry(options)
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve))
    return registry
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get host(): string {
    return `127.0.0.1:${this.port}`
  }

  /** How often something was asked for: a piece of `METHOD URL`. */
  count(piece: string): number {
    return this.seen.filter(({ method, url }) => `${method} ${url}`.includes(piece)).length
  }

  putBlob(repository: string, bytes: Uint8Array | string): { digest: string; size: number } {
    const digest = sha256(bytes)
    const stored = Buffer.from(bytes as Uint8Array)
    this.blobs.set(`${repository}@${digest}`, stored)
    return { digest, size: stored.length }
  }

  putManifest(repository: string, tag: string | undefined, type: string, document: unknown) {
    const bytes = Buffer.isBuffer(document) ? document : Buffer.from(JSON.stringify(document))
    const digest = sha256(bytes)
    this.manifests.set(`${repository}:${digest}`, { type, bytes })
    if (tag !== undefined) this.manifests.set(`${repository}:${tag}`, { type, bytes })
    return { mediaType: type, digest, size: bytes.length }
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    this.seen.push({ method, url, authorization: headers.authorization, range: headers.range, host: headers.host })
    for (const rule of this.rules) if (await rule(request, response)) return
    await this.behave(request, response)
  }

  /** What a registry should answer. */
  async behave(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const { pathname, searchParams } = new URL(url, 'http://registry.invalid')
    const [, repository = '', kind = '', rest = ''] =
      /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(pathname) ?? []
    if (pathname === '/v2/') send(response, 200, {}, '{}')
    else if (kind === 'manifests' && method === 'PUT') await this.#takeManifest(repository, rest, request, response)
    else if (kind === 'manifests') this.#giveManifest(repository, rest, response)
    else if (rest.startsWith('uploads/')) await this.#upload(repository, rest, searchParams, request, response)
    else if (kind === 'blobs') this.#giveBlob(repository, rest, request, response)
    else if (kind === 'tags') this.#giveTags(repository, searchParams, response)
    else if (kind === 'referrers') this.#giveReferrers(repository, rest, searchParams, response)
    else fail(response, 404, 'NAME_UNKNOWN')
  }

  #giveManifest(repository: string, version: string, response: ServerResponse): void {
    const stored = this.manifests.get(`${repository}:${version}`)
    if (!stored) {
      fail(response, 404, 'MANIFEST_UNKNOWN')
      return
    }
    send(response, 200, { 'content-type': stored.type, 'docker-content-digest': sha256(stored.bytes) }, stored.bytes)
  }

  async #takeManifest(repository: string, version: string, request: IncomingMessage, response: ServerResponse) {
    const bytes = await bodyOf(request)
    const type = request.headers['content-type'] ?? ''
    const document = JSON.parse(bytes.toString()) as { subject?: { digest: string }; layers?: { digest: string }[] }
    const missing = (document.layers ?? []).find(({ digest }) => !this.blobs.has(`${repository}@${digest}`))
    if (missing) {
      fail(response, 400, 'MANIFEST_BLOB_UNKNOWN')
      return
    }
    this.putManifest(repository, version.includes(':') ? undefined : version, type, bytes)
    const noted = document.subject && this.options.referrers !== false
    const digest = sha256(bytes)
    const headers = { location: `/v2/${repository}/manifests/${digest}`, 'docker-content-digest': digest }
    send(response, 201, noted ? { ...headers, 'oci-subject': document.subject!.digest } : headers)
  }

  #giveBlob(repository: string, digest: string, request: IncomingMessage, response: ServerResponse): void {
    const bytes = this.blobs.get(`${repository}@${digest}`)
    if (!bytes) {
      fail(response, 404, 'BLOB_UNKNOWN')
      return
    }
    const first = /^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]
    if (first === undefined) {
      send(response, 200, { 'docker-content-digest': digest }, bytes)
      return
    }
    const range = `bytes ${first}-${bytes.length - 1}/${bytes.length}`
    send(response, 206, { 'content-range': range }, bytes.subarray(Number(first)))
  }

  async #upload(
    repository: string,
    rest: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { method, headers } = request
    const body = await bodyOf(request)
    if (method === 'POST') {
      const [digest, from] = [query.get('mount'), query.get('from')]
      const mounted = digest && this.blobs.get(`${from}@${digest}`)
      if (mounted) {
        this.blobs.set(`${repository}@${digest}`, mounted)
        send(response, 201, { location: `/v2/${repository}/blobs/${digest}` })
        return
      }
      const id = randomUUID()
      this.#uploads.set(id, Buffer.alloc(0))
      const minimum = this.options.chunkMinimum
      const location = `/v2/${repository}/blobs/uploads/${id}?state=${id}`
      send(response, 202, { location, range: '0-0', ...(minimum ? { 'oci-chunk-min-length': minimum } : {}) })
      return
    }
    const id = rest.slice('uploads/'.length)
    const before = this.#uploads.get(id)
    if (!before || query.get('state') !== id) {
      fail(response, 404, 'BLOB_UPLOAD_UNKNOWN')
      return
    }
    const place = (length: number) => ({
      location: `/v2/${repository}/blobs/uploads/${id}?state=${id}`,
      range: `0-${Math.max(0, length - 1)}`,
    })
    if (method === 'GET') {
      send(response, 204, place(before.length))
      return
    }
    if (method === 'PATCH') {
      const [, first] = /^(\d+)-\d+$/.exec(headers['content-range'] ?? '') ?? []
      if (Number(first) !== before.length) {
        send(response, 416, place(before.length))
        return
      }
      const after = Buffer.concat([before, body])
      this.#uploads.set(id, after)
      send(response, 202, place(after.length))
      return
    }
    const whole = Buffer.concat([before, body])
    const digest = query.get('digest') ?? ''
    if (sha256(whole) !== digest) {
      fail(response, 400, 'DIGEST_INVALID')
      return
    }
    this.putBlob(repository, whole)
    send(response, 201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest })
  }

  /** Takes a part of a chunk, as a registry whose connection broke. */
  takePart(id: string, bytes: Uint8Array): void {
    this.#uploads.set(id, Buffer.concat([this.#uploads.get(id) ?? Buffer.alloc(0), bytes]))
  }

  #giveTags(repository: string, query: URLSearchParams, response: ServerResponse): void {
    const names = [...this.manifests.keys()].filter(
      (key) => key.startsWith(`${repository}:`) && !key.includes(':sha256:'),
    )
    const tags = names.map((key) => key.slice(repository.length + 1)).sort()
    const count = Number(query.get('n') ?? tags.length)
    const start = query.has('last') ? tags.indexOf(query.get('last')!) + 1 : 0
    const page = tags.slice(start, start + count)
    const next = `/v2/${repository}/tags/list?n=${count}&last=${page.at(-1)}`
    const link = start + count < tags.length ? { link: `<${next}>; rel="next"` } : {}
    send(
      response,
      200,
      { 'content-type': 'application/json', ...link },
      JSON.stringify({ name: repository, tags: page }),
    )
  }

  #giveReferrers(repository: string, digest: string, query: URLSearchParams, response: ServerResponse): void {
    if (this.options.referrers === false) {
      fail(response, 404, 'NOT_FOUND')
      return
    }
    const manifests = new Map(
      [...this.manifests].flatMap(([key, { type, bytes }]) => {
        const document = JSON.parse(bytes.toString()) as Record<string, unknown> & { subject?: { digest: string } }
        if (!key.startsWith(`${repository}:`) || document.subject?.digest !== digest) return []
        const { artifactType } = document
        return [[sha256(bytes), { mediaType: type, digest: sha256(bytes), size: bytes.length, artifactType }] as const]
      }),
    )
    const wanted = query.get('artifactType')
    const found = [...manifests.values()].filter(({ artifactType }) => wanted === null || artifactType === wanted)
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    send(
      response,
      200,
      { 'content-type': mediaType },
      JSON.stringify({ schemaVersion: 2, mediaType, manifests: found }),
    )
  }
}

/** Answers with a whole body and its length. */
export function send(
  response: ServerResponse,
  status: number,
  headers: http.OutgoingHttpHeaders = {},
  body: string | Buffer = '',
): void {
  // A 204 has no length.
  const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }
  response.writeHead(status, { ...length, ...headers })
  response.end(body)
}

export const fail = (response: ServerResponse, status: number, code: string, message = ''): void =>
  send(response, status, { 'content-type': 'application/json' }, JSON.stringify({ errors: [{ code, message }] }))

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
