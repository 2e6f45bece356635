// requires nothing
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { resolveSource } from '@rt/rootfs'
import { formatError } from '@rt/sys'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { tar } from './support/archive.js'
import { layoutOf } from './support/layout.js'

let folder: string
const at = (name: string) => join(folder, name)

beforeAll(() => {
  folder = temporaryFolder('source')
  mkdirSync(at('directory'))
  symlinkSync('/', at('root-link'))
  symlinkSync('directory', at('link'))
  writeFileSync(at('x.tar'), tar({ path: 'f' }))
  writeFileSync(at('named-wrongly.zip'), gzipSync(tar({ path: 'f' })))
  writeFileSync(at('x.tar.xz'), Buffer.from('fd377a585a00', 'hex'))
  writeFileSync(at('text'), 'hello')
  symlinkSync(layoutOf([tar({ path: 'f' })]), at('layout'))
  symlinkSync(layoutOf([tar({ path: 'f' })]), at('with:colon'))
})

describe('resolveSource', () => {
  it('takes nothing, and "/", for the host', () => {
    expect(resolveSource()).toEqual({ kind: 'host' })
    expect(resolveSource('/')).toEqual({ kind: 'host' })
    expect(resolveSource(at('root-link'))).toEqual({ kind: 'host' })
  })

  it('tells directories, tar files and layouts apart by what they are', () => {
    expect(resolveSource(at('directory'))).toEqual({ kind: 'directory', path: at('directory') })
    expect(resolveSource(at('link'))).toEqual({ kind: 'directory', path: at('link') })
    expect(resolveSource(at('x.tar'))).toEqual({ kind: 'tar', path: at('x.tar'), compression: 'none' })
    expect(resolveSource(at('named-wrongly.zip'))).toMatchObject({ kind: 'tar', compression: 'gzip' })
    expect(resolveSource(`oci:${at('layout')}`)).toEqual({ kind: 'oci', path: at('layout') })
    expect(resolveSource(`oci:${at('layout')}:v1`)).toEqual({ kind: 'oci', path: at('layout'), tag: 'v1' })
    expect(resolveSource(`oci:${at('with:colon')}`)).toEqual({ kind: 'oci', path: at('with:colon') })
    expect(resolveSource(`oci:${at('with:colon')}:v1`)).toMatchObject({ tag: 'v1' })
  })

  const hex = '0123456789abcdef'.repeat(4)
  const digest = { algorithm: 'sha256', hex }
  it.for([
    ['layout', ':localhost:5000/debian:12', { tag: 'localhost:5000/debian:12' }],
    ['layout', ':docker.io/library/x:1.0', { tag: 'docker.io/library/x:1.0' }],
    ['layout', `@sha256:${hex}`, { digest }],
    ['layout', `:a:b@sha256:${hex}`, { tag: 'a:b', digest }],
    ['layout', ':name@v1', { tag: 'name@v1' }],
    ['with:colon', ':a:b:c', { tag: 'a:b:c' }],
    ['with:colon', `:a:b:c@sha256:${hex}`, { tag: 'a:b:c', digest }],
    // The longest directory that is a layout.
    ['layout:with', ':colon', { tag: 'colon' }],
    [`layout@sha256:${hex}`, '', {}],
    [`layout@sha256:${hex}`, ':t', { tag: 't' }],
  ] as const)('of oci:%s%s finds the directory, whatever has colons', ([name, reference, found]) => {
    const path = at(`${name.includes('@') ? 'only-' : ''}${name}`)
    if (!existsSync(path)) symlinkSync(layoutOf([tar({ path: 'f' })]), path)
    expect(resolveSource(`oci:${path}${reference}`)).toEqual({ kind: 'oci', path, ...found })
  })

  it('refuses a digest that is none', () => {
    expect(printed(`oci:${at('layout')}@sha256:abc`)).toContain('expected 64 lower-case hex digits, got "sha256:abc"')
    expect(printed(`oci:${at('layout')}:tag@sha256:abc`)).toContain('expected 64 lower-case hex digits')
  })

  const printed = (text: string): string => {
    try {
      return JSON.stringify(resolveSource(text))
    } catch (error) {
      return formatError(error).replaceAll(folder, 'FOLDER')
    }
  }

  it('says what it looked for', () => {
    expect(printed(at('missing'))).toBe(
      [
        'SOURCE: no such source "FOLDER/missing": looked for a directory or a tar file at "FOLDER/missing"',
        '  hint: a source is a directory, a tar file (plain, gzip or zstd) or oci:DIR[:TAG]; without one the host’s root is used',
      ].join('\n'),
    )
    expect(printed('http://debian')).toContain('hint: "http:" is not known; images are read from a local OCI layout')
    for (const text of ['docker://debian', 'docker-archive:x.tar', 'oci-archive:x.tar', 'dir:x']) {
      expect(printed(text)).toContain(`skopeo copy ${text} oci:LAYOUT:latest; then use oci:LAYOUT:latest`)
    }
    expect(printed(`oci:${at('missing')}`)).toContain('no OCI layout at "FOLDER/missing"')
    expect(printed(`oci:${at('missing')}:tag`)).toContain('no OCI layout at "FOLDER/missing:tag" or "FOLDER/missing"')
    expect(printed(`oci:${at('directory')}`)).toContain('is no OCI layout: it has no file "oci-layout"')
    expect(printed(at('layout'))).toContain(
      'is an OCI layout, not a root filesystem\n  hint: to use an image of it: oci:',
    )
    expect(printed(at('x.tar.xz'))).toContain('got xz compression\n  hint: compress it again: xz -dc FILE | gzip')
    expect(printed(at('text'))).toContain('expected a tar, plain or compressed by gzip or zstd')
    expect(printed('/dev/null')).toContain('expected a directory or a tar file')
    expect(printed(at('text/below'))).toContain('no such source')
    expect(printed('')).toContain('the source is empty')
    expect(printed('x'.repeat(5000))).toContain('no such source')
  })
})
