// requires nothing but a port of 127.0.0.1
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { pull } from '../src/index.js'
import { putImage } from './support/images.js'
import { send, sha256, type TestRegistry } from './support/registry-server.js'
import { bytesOf, client, registry } from './support/set-up.js'

const CONTENT = 'the layer of an image'
const isBlob = ({ url }: IncomingMessage): boolean => url?.includes(`/blobs/${sha256(CONTENT)}`) ?? false

async function image(server: TestRegistry, options?: Parameters<typeof client>[0]) {
  putImage(server, 'app', 'v1', { layer: CONTENT })
  const pulled = await pull(client(options), `${server.host}/app:v1`)
  return { pulled, layer: pulled.manifest.layers[0]! }
}

/** Says that all of it comes, and breaks the connection after some bytes. */
function cut(response: ServerResponse, headers: Record<string, string | number>, status: number, bytes: string): void {
  response.writeHead(status, headers)
  response.flushHeaders()
  response.write(bytes, () => setTimeout(() => response.destroy(), 2))
  if (bytes === '') setTimeout(() => response.destroy(), 2)
}

describe('a blob whose connection breaks', () => {
  it('goes on by Range, wherever it broke', async () => {
    for (let n = 0; n <= CONTENT.length; n++) {
      const server = await registry()
      let broken = false
      server.rules.push((request, response) => {
        if (!isBlob(request) || broken) return
        broken = true
        // After the last byte nothing is missing, so that one is not broken.
        cut(response, { 'content-length': CONTENT.length }, 200, CONTENT.slice(0, n))
        return true
      })
      const { pulled, layer } = await image(server)
      expect(String(await bytesOf(pulled.openBlob(layer)))).toBe(CONTENT)
      const ranges = server.seen.filter(({ url }) => url.includes(layer.digest)).map(({ range }) => range)
      if (n === 0) expect(ranges).toEqual([undefined, undefined])
      else if (n < CONTENT.length) expect(ranges).toEqual([undefined, `bytes=${n}-${CONTENT.length - 1}`])
    }
  })

  it('starts again where the server knows no ranges, wherever it broke', async () => {
    for (let n = 0; n < CONTENT.length; n++) {
      const server = await registry()
      let attempts = 0
      server.rules.push((request, response) => {
        if (!isBlob(request)) return
        // The second time one byte further, then all of it.
        if (attempts++ < 2) cut(response, { 'content-length': CONTENT.length }, 200, CONTENT.slice(0, n + attempts - 1))
        else send(response, 200, {}, CONTENT)
        return true
      })
      const { pulled, layer } = await image(server)
      expect(String(await bytesOf(pulled.openBlob(layer)))).toBe(CONTENT)
    }
  })

  it('goes on after every single byte', async () => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (!isBlob(request)) return
      const first = Number(/=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0)
      const length = CONTENT.length - first
      const headers = {
        'content-length': length,
        'content-range': `bytes ${first}-${CONTENT.length - 1}/${CONTENT.length}`,
      }
      cut(response, headers, first > 0 ? 206 : 200, CONTENT[first]!)
      return true
    })
    const { pulled, layer } = await image(server)
    expect(String(await bytesOf(pulled.openBlob(layer)))).toBe(CONTENT)
    expect(server.count(layer.digest)).toBe(CONTENT.length)
  })

  it('gives up when the time for all attempts is used up, and says so', async () => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (!isBlob(request)) return
      cut(response, { 'content-length': CONTENT.length }, 200, 'the')
      return true
    })
    const { pulled, layer } = await image(server, { retry: { totalMilliseconds: 100 } })
    await expect(bytesOf(pulled.openBlob(layer))).rejects.toMatchObject({
      kind: 'RT_NETWORK',
      hint: expect.stringContaining('given up after'),
    })
  })

  it('is taken for broken when nothing comes for too long', async () => {
    const server = await registry()
    let slow = true
    server.rules.push((request, response) => {
      if (!isBlob(request) || !slow) return
      slow = false
      response.writeHead(200, { 'content-length': CONTENT.length })
      response.write('the ')
      return true
    })
    const { pulled, layer } = await image(server, { idleMilliseconds: 100 })
    expect(String(await bytesOf(pulled.openBlob(layer)))).toBe(CONTENT)
    expect(server.seen.at(-1)?.range).toBe(`bytes=4-${CONTENT.length - 1}`)
  })

  it('is not taken for broken when the consumer is slow', async () => {
    const large = Buffer.alloc(4 << 20, 'x')
    const server = await registry()
    const { pulled } = await image(server, { idleMilliseconds: 100 })
    const chunks: Buffer[] = []
    for await (const chunk of pulled.openBlob(server.putBlob('app', large))) {
      if (chunks.length < 2) await new Promise((resolve) => setTimeout(resolve, 300))
      chunks.push(chunk as Buffer)
    }
    expect(Buffer.concat(chunks).equals(large)).toBe(true)
    expect(server.count(sha256(large))).toBe(1)
  })

  it('is not taken for broken when it is slow', async () => {
    const server = await registry()
    server.rules.push(async (request, response) => {
      if (!isBlob(request)) return
      response.writeHead(200, { 'content-length': CONTENT.length })
      for (const letter of CONTENT) {
        response.write(letter)
        await new Promise((resolve) => setTimeout(resolve, 15))
      }
      response.end()
      return true
    })
    const { pulled, layer } = await image(server, { idleMilliseconds: 150 })
    expect(String(await bytesOf(pulled.openBlob(layer)))).toBe(CONTENT)
    expect(server.count(layer.digest)).toBe(1)
  })
})

describe('a part that is there already', () => {
  async function* part(length: number): AsyncGenerator<Buffer> {
    for (const letter of CONTENT.slice(0, length)) yield Buffer.from(letter)
  }

  it.each([200, 206])('is hashed and not fetched again: status %i', async (status) => {
    for (let n = 0; n <= CONTENT.length; n++) {
      const server = await registry()
      const { pulled, layer } = await image(server)
      if (status === 200) {
        server.rules.push((request, response) => {
          if (!isBlob(request)) return
          send(response, 200, {}, CONTENT)
          return true
        })
      }
      expect(String(await bytesOf(pulled.openBlob(layer, { have: part(n) })))).toBe(CONTENT.slice(n))
      expect(server.count(layer.digest)).toBe(n === CONTENT.length ? 0 : 1)
    }
  })

  it('is found out if it is damaged or too long, before the last byte is given', async () => {
    const server = await registry()
    const { pulled, layer } = await image(server)
    async function* wrong(text: string) {
      yield Buffer.from(text)
    }
    const got: Buffer[] = []
    await expect(
      (async () => {
        for await (const chunk of pulled.openBlob(layer, { have: wrong('THE') })) got.push(chunk as Buffer)
      })(),
    ).rejects.toMatchObject({ kind: 'RT_ARCHIVE', hint: expect.stringContaining('begin again') })
    expect(Buffer.concat(got).length).toBeLessThan(CONTENT.length - 3)
    await expect(bytesOf(pulled.openBlob(layer, { have: wrong('x'.repeat(100)) }))).rejects.toThrow('are there already')
  })
})

describe('a blob that is not what its descriptor says', () => {
  const answers: [string, string, (response: ServerResponse) => void][] = [
    ['other bytes', 'is damaged', (response) => send(response, 200, {}, 'x'.repeat(CONTENT.length))],
    ['too few, announced', 'the server sends 3 bytes', (response) => send(response, 200, {}, 'the')],
    ['too many, announced', 'the server sends 100 bytes', (response) => send(response, 200, {}, 'x'.repeat(100))],
    [
      'too many, unannounced',
      'is larger than',
      (response) => {
        response.writeHead(200)
        response.end(`${CONTENT} and more`)
      },
    ],
    ['compressed', 'compresses it', (response) => send(response, 200, { 'content-encoding': 'gzip' }, CONTENT)],
  ]
  it.each(answers)('%s', async (_, message, answer) => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (!isBlob(request)) return
      answer(response)
      return true
    })
    const { pulled, layer } = await image(server)
    await expect(bytesOf(pulled.openBlob(layer))).rejects.toThrow(message)
    // No retry makes other bytes of it.
    expect(server.count(layer.digest)).toBe(1)
  })

  it.each([
    ['bytes 0-20/21', 4, 'the server sends "bytes 0-20/21"'],
    ['bytes 4-20/99', 4, 'the server sends "bytes 4-20/99"'],
    ['', 4, 'the server sends ""'],
  ])('a range that was not asked for: %j', async (range, n, message) => {
    const server = await registry()
    server.rules.push((request, response) => {
      if (!isBlob(request)) return
      if (!request.headers.range) cut(response, { 'content-length': CONTENT.length }, 200, CONTENT.slice(0, n))
      else send(response, 206, range ? { 'content-range': range } : {}, CONTENT.slice(n))
      return true
    })
    const { pulled, layer } = await image(server)
    await expect(bytesOf(pulled.openBlob(layer))).rejects.toThrow(message)
  })

  it('has no bytes at all', async () => {
    const server = await registry()
    const { pulled } = await image(server)
    expect(await bytesOf(pulled.openBlob({ digest: sha256(''), size: 0 }))).toHaveLength(0)
    await expect(bytesOf(pulled.openBlob({ digest: sha256('x'), size: 0 }))).rejects.toMatchObject({
      kind: 'RT_ARCHIVE',
    })
    expect(() => pulled.openBlob({ digest: '../../x', size: 1 })).toThrow('expected a digest')
  })
})

it('stops downloading when the stream is destroyed or the signal aborts', async () => {
  const server = await registry()
  let closed = 0
  server.rules.push((request, response) => {
    if (!isBlob(request)) return
    response.writeHead(200, { 'content-length': CONTENT.length })
    response.write('the ')
    response.on('close', () => closed++)
    return true
  })
  const { pulled, layer } = await image(server)
  const stream = pulled.openBlob(layer)
  stream.on('error', () => undefined).resume()
  await expect.poll(() => server.count(layer.digest)).toBe(1)
  const reason = new Error('enough')
  const controller = new AbortController()
  const read = bytesOf(pulled.openBlob(layer, { signal: controller.signal }))
  setTimeout(() => controller.abort(reason), 50)
  await expect(read).rejects.toBe(reason)
  await expect.poll(() => closed).toBe(1)
  stream.destroy()
})
