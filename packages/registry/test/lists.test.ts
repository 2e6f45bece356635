// requires nothing but a port of 127.0.0.1
import { describe, expect, it } from 'vitest'
import { OCI_INDEX, OCI_MANIFEST } from '../src/documents/media-types.js'
import { listReferrers, listTags } from '../src/index.js'
import { putImage, putIndex } from './support/images.js'
import { send, sha256 } from './support/registry-server.js'
import { client, listOf, registry } from './support/set-up.js'

const subject = sha256('subject')
const tags = (names: unknown, next?: string): [Record<string, string>, string] => [
  next === undefined ? {} : { link: next },
  JSON.stringify({ name: 'app', tags: names }),
]

describe('listTags', () => {
  it('follows pages only as far as tags are wanted', async () => {
    const server = await registry()
    for (let at = 0; at < 7; at++) putImage(server, 'app', `v${at}`)
    expect(await listOf(listTags(client(), `${server.host}/app`, { pageSize: 3 }))).toEqual([
      'v0',
      'v1',
      'v2',
      'v3',
      'v4',
      'v5',
      'v6',
    ])
    expect(server.count('tags/list')).toBe(3)
    for await (const tag of listTags(client(), `${server.host}/app`, { pageSize: 3 })) if (tag === 'v1') break
    expect(server.count('tags/list')).toBe(4)
  })

  const answers: [string, (url: string) => [Record<string, string>, string], string][] = [
    ['a page that leads to itself', () => tags(['a'], '</v2/app/tags/list>; rel="next"'), 'lead back'],
    ['another host', () => tags(['a'], '<http://registry.invalid/v2/app/tags/list>; rel=next'), 'another host'],
    ['what is no URL', () => tags(['a'], '<http://[>; rel="next"'), 'another host'],
    ['no list', () => tags('a'), 'tags: expected an array'],
    ['no list of texts', () => tags(['a', 1]), 'tags[1]: expected a string'],
    ['no JSON', () => [{}, '<html>'], 'no JSON'],
    ['a page that is too large', () => [{}, ' '.repeat(5 << 20)], 'is larger than'],
  ]
  it.each(answers)('refuses %s', async (_, answer, message) => {
    const server = await registry()
    server.rules.push((request, response) => {
      send(response, 200, ...answer(request.url ?? ''))
      return true
    })
    await expect(listOf(listTags(client(), `${server.host}/app`))).rejects.toThrow(message)
  })

  it('ends although the pages do not', async () => {
    const server = await registry()
    let page = 0
    server.rules.push((_, response) => {
      send(response, 200, ...tags([], `</v2/app/tags/list?last=${++page}>; rel="next"`))
      return true
    })
    await expect(listOf(listTags(client(), `${server.host}/app`))).rejects.toMatchObject({
      kind: 'RT_LIMIT',
      message: expect.stringContaining('more than 10000 pages'),
    })
  })

  it('takes null for none, and other links for no next page', async () => {
    const server = await registry()
    server.rules.push((_, response) => {
      send(response, 200, ...tags(null, '</first>; rel="first", </x>; title="rel=next"'))
      return true
    })
    expect(await listOf(listTags(client(), `${server.host}/app`))).toEqual([])
  })

  it('takes the right one of several links', async () => {
    const server = await registry()
    server.rules.push((request, response) => {
      const link = '</v2/app/tags/list?prev>; rel="prev", </v2/app/tags/list?next>; title="a, b"; rel="next"'
      send(response, 200, ...(request.url?.endsWith('?next') ? tags(['b']) : tags(['a'], link)))
      return true
    })
    expect(await listOf(listTags(client(), `${server.host}/app`))).toEqual(['a', 'b'])
  })
})

describe('listReferrers', () => {
  it('is filtered here where the registry does not, and follows pages', async () => {
    const server = await registry()
    const entry = (artifactType: string) => ({
      mediaType: OCI_MANIFEST,
      digest: sha256(artifactType),
      size: 1,
      artifactType,
    })
    server.rules.push((request, response) => {
      if (!request.url?.includes('/referrers/')) return
      const isSecond = request.url.includes('page=2')
      const index = {
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: isSecond ? [entry('b')] : [entry('a'), entry('x')],
      }
      const link = isSecond ? {} : { link: `<${request.url.split('?')[0]}?page=2>; rel="next"` }
      send(response, 200, { 'content-type': OCI_INDEX, ...link }, JSON.stringify(index))
      return true
    })
    const types = async (options = {}) =>
      (await listOf(listReferrers(client(), `${server.host}/app`, subject, options))).map(
        ({ artifactType }) => artifactType,
      )
    expect(await types()).toEqual(['a', 'x', 'b'])
    expect(await types({ artifactType: 'b' })).toEqual(['b'])
  })

  it('reads the tag where there is no API, and takes an image under it for none', async () => {
    const server = await registry({ referrers: false })
    const list = () => listOf(listReferrers(client(), `${server.host}/app`, subject))
    expect(await list()).toEqual([])
    const tag = subject.replace(':', '-')
    putImage(server, 'app', tag)
    expect(await list()).toEqual([])
    putIndex(server, 'app', tag, [{ mediaType: OCI_MANIFEST, digest: sha256('x'), size: 1, artifactType: 'a' }])
    expect(await list()).toMatchObject([{ artifactType: 'a' }])
  })

  it('refuses what is no index', async () => {
    const server = await registry()
    server.rules.push((_, response) => {
      send(response, 200, { 'content-type': 'text/html' }, '<html>')
      return true
    })
    await expect(listOf(listReferrers(client(), `${server.host}/app`, subject))).rejects.toMatchObject({
      kind: 'RT_ARCHIVE',
    })
    expect(() => listReferrers(client(), `${server.host}/app`, 'sha256:x')).toThrow('lower-case hex digits')
    expect(() => listTags(client(), `${server.host}/app`, { pageSize: 0 })).toThrow('pageSize')
  })
})
