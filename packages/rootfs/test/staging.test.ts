// requires root for what other users' directories are
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpack } from '@rt/rootfs'
import { AT_FDCWD, close, O_DIRECTORY, O_RDONLY, openat } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { leftovers, Staging } from '../src/staging/staging.js'
import { tar } from './support/archive.js'
import { runChild } from './support/child.js'

/** Names of what is taken for a crashed run's. */
function found(folder: string): string[] {
  const directory = openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY)
  try {
    return leftovers(directory).map(({ name, lock }) => {
      close(lock)
      return name
    })
  } finally {
    close(directory)
  }
}

describe('a tree that is being filled', () => {
  it('is no leftover as long as its owner lives, in this process or another', async () => {
    const folder = temporaryFolder('staging')
    const live = Staging.create(join(folder, 'target'))
    try {
      expect(found(folder)).toEqual([])
      const child = await runChild(`
        import { leftovers } from ${JSON.stringify(new URL('../src/staging/staging.ts', import.meta.url).href)}
        import { openSync } from 'node:fs'
        console.log(leftovers(openSync(${JSON.stringify(folder)}, 'r')).length)
      `)
      expect(child).toMatchObject({ stdout: '0\n', stderr: '' })
      // Somebody else's unpacking to the same place leaves it, too.
      const source = join(temporaryFolder('staging'), 'x.tar')
      writeFileSync(source, tar({ path: 'f' }))
      await unpack(source, join(folder, 'target'))
      expect(readdirSync(folder).sort()).toEqual([live.name, 'target'])
    } finally {
      live.close()
    }
    expect(found(folder)).toEqual([live.name])
  })

  it('is not what a symlink of such a name leads to', async () => {
    const folder = temporaryFolder('staging')
    const outside = temporaryFolder('outside')
    writeFileSync(join(outside, 'file'), 'untouched')
    symlinkSync(outside, join(folder, '.target.rt-partial-1-x'))
    mkdirSync(join(folder, '.target.rt-partial-2-x'))
    expect(found(folder)).toEqual(['.target.rt-partial-2-x'])
    const source = join(temporaryFolder('staging'), 'x.tar')
    writeFileSync(source, tar({ path: 'f' }))
    await unpack(source, join(folder, 'target'))
    expect(readdirSync(folder).sort()).toEqual(['.target.rt-partial-1-x', 'target'])
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('untouched')
  })
})

describe('a lock', () => {
  it('has one holder, also while its file is removed and made again', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder('lock')
    const code = `
      import { mkdirSync, rmdirSync } from 'node:fs'
      import { Lock } from ${JSON.stringify(new URL('../src/cache/lock.ts', import.meta.url).href)}
      for (let held = 0; held < 3000; ) {
        const lock = Lock.try(${JSON.stringify(join(folder, 'lock'))})
        if (!lock) continue
        held++
        mkdirSync(${JSON.stringify(join(folder, 'held'))}) // EEXIST: another holds it
        rmdirSync(${JSON.stringify(join(folder, 'held'))})
        lock.release()
      }`
    const ends = await Promise.all([1, 2].map(() => runChild(code)))
    expect(ends.map(({ stderr }) => stderr)).toEqual(['', ''])
    expect(readdirSync(folder)).toEqual([])
  })
})
