// requires nothing
import { describe, expect, it } from 'vitest'
import { formatReference, parseReference } from '../src/index.js'

const HEX = 'a'.repeat(64)
const DIGEST = `sha256:${HEX}`

describe('parseReference', () => {
  it.each([
    ['debian', { repository: 'debian' }],
    ['debian:12', { repository: 'debian', tag: '12' }],
    ['team/app', { repository: 'team/app' }],
    ['docker.io/debian', { registry: 'docker.io', repository: 'library/debian' }],
    ['docker.io/team/app:v1', { registry: 'docker.io', repository: 'team/app', tag: 'v1' }],
    ['index.docker.io/debian', { registry: 'docker.io', repository: 'library/debian' }],
    ['localhost/app', { registry: 'localhost', repository: 'app' }],
    ['localhost:5000/a/b/c:v1', { registry: 'localhost:5000', repository: 'a/b/c', tag: 'v1' }],
    ['[::1]:5000/app', { registry: '[::1]:5000', repository: 'app' }],
    ['Example.COM/app', { registry: 'example.com', repository: 'app' }],
    [`example.com/app:v1@${DIGEST}`, { registry: 'example.com', repository: 'app', tag: 'v1', digest: DIGEST }],
    [`app@sha512:${'b'.repeat(128)}`, { repository: 'app', digest: `sha512:${'b'.repeat(128)}` }],
    ['a.b-c__d/e', { registry: undefined, repository: 'a.b-c__d/e' }],
  ])('%s', (text, expected) => {
    // "a.b-c__d" has a dot, so it is a host, and "_" is no letter of one.
    if (text.startsWith('a.b')) expect(() => parseReference(text)).toThrow('is no host')
    else expect(parseReference(text)).toEqual({ registry: undefined, tag: undefined, digest: undefined, ...expected })
  })

  it.each([
    ['', 'a part of its name is empty'],
    ['Debian', '"Debian" is no part of a repository\'s name'],
    ['example.com/Team/app', '"Team" is no part'],
    ['a:b:c', '":" stands twice'],
    ['example.com/a:b:c', '":" stands twice'],
    [`a@${DIGEST}@${DIGEST}`, '"@" stands there twice'],
    ['a@md5:00', 'only sha256 and sha512'],
    ['a@constructor:00', 'only sha256 and sha512'],
    [`a@sha256:${HEX.toUpperCase()}`, 'expected 64 lower-case hex digits'],
    ['a@sha256:aa', 'expected 64 lower-case hex digits'],
    ['a@', 'expected a digest'],
    ['a:', '"" is no tag'],
    [`a:${'x'.repeat(129)}`, 'is no tag'],
    ['a:..', 'is no tag'],
    ['a//b', 'empty'],
    ['/a', 'empty'],
    ['example.com/', 'empty'],
    ['example.com/../a', '".." is no part'],
    ['a b', 'is no part'],
    ['a/b?c', 'is no part'],
    ['a%2fb', 'is no part'],
    ['https://example.com/a', 'it is a URL'],
    ['docker://a', 'it is a URL'],
    ['exa_mple.com/a', 'is no host'],
    ['example.com:port/a', 'is no host'],
    [`example.com/${'a'.repeat(256)}`, 'longer than 255'],
  ])('refuses %j', (text, message) => {
    expect(() => parseReference(text)).toThrow(message)
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ kind: 'RT_INVALID_OPTION' }))
  })

  it('says what the lower-case name would be', () => {
    expect(() => parseReference('Debian')).toThrow(expect.objectContaining({ hint: expect.stringContaining('debian') }))
  })

  it('reads what formatReference writes', () => {
    for (const text of ['debian', 'localhost:5000/app:v1', `docker.io/library/debian:12@${DIGEST}`]) {
      expect(formatReference(parseReference(text))).toBe(text)
    }
  })
})
