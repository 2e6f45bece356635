// requires nothing
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AT_FDCWD, close, O_DIRECTORY, O_RDONLY, openat } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import type { Limits } from '../src/extract/limits.js'
import { MergedView } from '../src/layers/merged-view.js'
import { type HeaderSpec, tar } from './support/archive.js'
import { extract, sandbox } from './support/extract.js'

/** An archive that asks for exactly so much. */
const EXACTLY: Record<Exclude<keyof Limits, 'ratio'>, (amount: number) => readonly HeaderSpec[]> = {
  entries: (amount) => Array.from({ length: amount }, (_, index) => ({ path: `f${index}` })),
  depth: (amount) => [{ path: Array.from({ length: amount }, () => 'd').join('/') }],
  pathLength: (amount) => [{ path: 'x'.repeat(amount) }, { path: 'l', type: '2', link: 'y'.repeat(amount) }],
  bytes: (amount) => [
    { path: 'a', data: 'x' },
    { path: 'b', data: 'x'.repeat(amount - 1) },
  ],
}

describe('a limit', () => {
  it.for(Object.entries(EXACTLY))('of %s is reached without an error, and no more', ([limit, archive]) => {
    const keepOwners = false
    for (const amount of [2, 7, 40]) {
      const limits = { [limit]: amount }
      const accepted = tar(...archive(amount))
      expect(() => extract(sandbox().target, [accepted], { limits, keepOwners })).not.toThrow()
      const refused = tar(...archive(amount + 1))
      expect(() => extract(sandbox().target, [refused], { limits, keepOwners })).toThrow(
        expect.objectContaining({ code: 'RT_LIMIT', hint: expect.stringContaining(`limits.${limit}`) as string }),
      )
    }
  })

  it('of each archive is its own: layers are not added up', () => {
    const layer = tar({ path: 'a', data: 'xxx' }, { path: 'b', data: 'xxx' })
    const limits = { entries: 2, bytes: 6 }
    expect(extract(sandbox().target, [layer, layer, layer], { limits, keepOwners: false })).toMatchObject({ bytes: 18 })
  })

  it('of 40 symlinks on a way, as the kernel has it', () => {
    const folder = temporaryFolder('links')
    writeFileSync(join(folder, 'l0'), 'end')
    for (let link = 1; link <= 41; link++) symlinkSync(`l${link - 1}`, join(folder, `l${link}`))
    const root = openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY)
    try {
      const view = new MergedView([root], 'user.overlay.')
      expect(() => statSync(join(folder, 'l40'))).not.toThrow()
      expect(view.find('l40', true).path).toEqual(['l0'])
      expect(() => statSync(join(folder, 'l41'))).toThrow('ELOOP')
      expect(() => view.find('l41', true)).toThrow(expect.objectContaining({ code: 'RT_UNSAFE' }))
    } finally {
      close(root)
    }
  })
})

describe('directories that are being filled', () => {
  it('are their owner’s alone, whatever the archive says of them', () => {
    const { target } = sandbox()
    const modes = new Set<string>()
    const look = (path: string) => {
      modes.add((statSync(path).mode & 0o7777).toString(8))
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory()) look(join(path, entry.name))
      }
    }
    const layer = tar(
      { path: './', mode: 0o777 },
      { path: 'told/', mode: 0o2777 },
      { path: 'told/below/', mode: 0o777 },
      { path: 'told/below/file' },
      { path: 'implied/by/file' },
      { path: 'last', data: 'x'.repeat(600) },
    )
    extract(target, [layer], { keepOwners: false, onPiece: () => look(target) })
    // Until the archive's end; what comes after the last piece is the restoring of all.
    expect([...modes]).toEqual(['700'])
    modes.clear()
    look(target)
    expect([...modes].sort()).toEqual(['2777', '755', '777'])
  })

  it('also those of a lower layer’s mode', () => {
    const lower = sandbox().target
    extract(lower, [tar({ path: 'open/', mode: 0o777 })], { keepOwners: false })
    const { folder } = sandbox()
    const upper = join(folder, 'upper')
    mkdirSync(upper)
    const modes = new Set<number>()
    const onPiece = () => {
      for (const name of readdirSync(upper)) modes.add(statSync(join(upper, name)).mode & 0o7777)
    }
    const layer = tar({ path: 'open/new', data: 'x'.repeat(600) })
    extract(upper, [layer], { keepOwners: false, lower: [lower], namespace: 'user.overlay.', onPiece })
    expect([...modes]).toEqual([0o700])
    expect(statSync(join(upper, 'open')).mode & 0o7777).toBe(0o777)
  })
})
