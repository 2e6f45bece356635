// requires root: the racer is as powerful as the unpacker
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AT_FDCWD, close, ERRNO, O_DIRECTORY, O_RDONLY, openat, RtError } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { nul, open, tryOpen } from '../src/extract/calls.js'
import { removeTree } from '../src/extract/remove.js'
import { tar } from './support/archive.js'
import { extract, sandbox } from './support/extract.js'
import { Racer } from './support/racer.js'

/** Times that the names are exchanged at least, for each way. */
const SWAPS = 1500
const FILES = 40

/** What removes things below `a` of a directory. */
const WAYS: Record<string, (directory: string) => void> = {
  'the removal of a tree': (directory) => {
    const parent = openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY)
    try {
      removeTree(parent, 'a')
    } finally {
      close(parent)
    }
  },
  'a whiteout': (directory) => void extract(directory, [tar({ path: 'x' }), tar({ path: '.wh.a' })]),
  // What this layer has in it stays, so there is always something to exchange.
  'whiteouts again and again': (directory) =>
    void extract(directory, [
      tar({ path: 'x' }),
      tar({ path: 'a/keep' }, ...Array.from({ length: 500 }, () => ({ path: '.wh.a' }))),
    ]),
  'an opaque directory': (directory) => void extract(directory, [tar({ path: 'x' }), tar({ path: 'a/.wh..wh..opq' })]),
  'a whiteout in it': (directory) =>
    void extract(directory, [
      tar({ path: 'x' }),
      tar(...Array.from({ length: FILES }, (_, index) => ({ path: `a/.wh.f${index}` }))),
    ]),
  'an entry in its place': (directory) => void extract(directory, [tar({ path: 'a', data: 'x' })]),
}

describe('names that are exchanged meanwhile', () => {
  it.for(Object.entries(WAYS))('%s takes nothing of what a symlink leads to', async ([, remove], context) => {
    needs(context, 'root')
    const { folder } = sandbox()
    const outside = join(folder, 'outside')
    mkdirSync(outside)
    const names = Array.from({ length: FILES }, (_, index) => `f${index}`)
    for (const name of names) writeFileSync(join(outside, name), 'untouched')
    let swaps = 0
    for (let round = 0; swaps < SWAPS; round++) {
      const directory = join(folder, `round-${round}`)
      const link = join(folder, 'link')
      mkdirSync(join(directory, 'a'), { recursive: true })
      for (const name of names) writeFileSync(join(directory, 'a', name), '')
      symlinkSync(outside, link)
      const racer = new Racer(join(directory, 'a'), link)
      while (racer.swaps === 0) await sleep(1)
      try {
        remove(directory)
      } catch (error) {
        if (!RtError.isInstance(error)) throw error
      }
      await racer.stop()
      swaps += racer.swaps
      expect(readdirSync(outside).sort(), 'HOST FILES WERE REMOVED').toEqual([...names].sort())
      expect(readFileSync(join(outside, 'f0'), 'utf8')).toBe('untouched')
      for (const path of [directory, link]) rmSync(path, { recursive: true, force: true })
    }
  })
})

it('whatever opens a name in a directory refuses a symlink', () => {
  const { folder } = sandbox()
  symlinkSync('/', join(folder, 'link'))
  const directory = openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY)
  try {
    expect(tryOpen(directory, nul('link'), O_RDONLY)).toBe(-ERRNO.ELOOP)
    expect(() => open(directory, nul('link'), O_RDONLY)).toThrow('ELOOP')
  } finally {
    close(directory)
  }
})
