// requires root: the racer is as powerful as the unpacker
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RtError } from '@rt/sys'
import { expect, it } from 'vitest'
import { type HeaderSpec, tar } from './support/archive.js'
import { extract, sandbox } from './support/extract.js'
import { Racer } from './support/racer.js'

/** More directories than the unpacker keeps open, so that each is looked up again and again. */
const DIRECTORIES = 60

const archive = (): Buffer => {
  const specs: HeaderSpec[] = [{ path: 'a/' }]
  for (let index = 0; index < 2000; index++) {
    const directory = `a/d${index % DIRECTORIES}`
    specs.push({ path: `${directory}/f${index}`, data: 'evil' })
    // To replace a symlink makes the unpacker forget what it has open.
    if (index % 50 === 0) specs.push({ path: 's', type: '2', link: 'x' }, { path: 's', type: '2', link: 'y' })
    if (index % 70 === 0) specs.push({ path: `${directory}/h${index}`, type: '1', link: `${directory}/f${index}` })
  }
  return tar(...specs)
}

it('the racer misleads whoever uses a path twice', async () => {
  const { folder, target } = sandbox()
  mkdirSync(join(folder, 'outside'))
  mkdirSync(join(target, 'a'))
  symlinkSync(join(folder, 'outside'), join(folder, 'link'))
  const racer = new Racer(join(target, 'a'), join(folder, 'link'))
  try {
    for (const end = Date.now() + 5000; readdirSync(join(folder, 'outside')).length === 0; ) {
      expect(Date.now()).toBeLessThan(end)
      // The check is right at that moment, and worth nothing.
      if (lstatSync(join(target, 'a')).isDirectory()) writeFileSync(join(target, 'a/file'), 'evil')
    }
  } finally {
    await racer.stop()
  }
})

it('a parent that is swapped for a symlink while it is used leads nowhere else', async (context) => {
  if (process.getuid?.() !== 0) context.skip('needs root: the unpacker then has the power to do harm')
  const { folder } = sandbox()
  const outside = join(folder, 'outside')
  mkdirSync(outside)
  for (let index = 0; index < DIRECTORIES; index++) mkdirSync(join(outside, `d${index}`))
  writeFileSync(join(outside, 'canary'), 'untouched')
  const outcomes = new Set<string>()
  const bytes = archive()
  let swaps = 0
  for (const end = Date.now() + 4000; Date.now() < end || swaps < 1000; ) {
    const round = join(folder, `round-${swaps}`)
    mkdirSync(round)
    mkdirSync(join(round, 'a'))
    // Beside the tree on the same filesystem, so that the names can be exchanged.
    symlinkSync(outside, join(folder, 'link'))
    const racer = new Racer(join(round, 'a'), join(folder, 'link'))
    while (racer.swaps === 0) await sleep(1)
    try {
      extract(round, [bytes], { keepOwners: false })
      outcomes.add('complete')
    } catch (error) {
      outcomes.add(RtError.isInstance(error) ? error.code : String(error))
    }
    await racer.stop()
    swaps += racer.swaps
    renameSync(join(folder, 'link'), join(folder, `link-${swaps}`))
    expect(readdirSync(outside).length, 'HOST PATH WAS CHANGED').toBe(DIRECTORIES + 1)
    for (let index = 0; index < DIRECTORIES; index++) {
      expect(readdirSync(join(outside, `d${index}`)), 'HOST PATH WAS CHANGED').toEqual([])
    }
    expect(readFileSync(join(outside, 'canary'), 'utf8')).toBe('untouched')
  }
  // Whatever happened, it ended by itself, and with an error that has a code.
  for (const outcome of outcomes) expect(outcome).toMatch(/^(complete|RT_[A-Z_]+|E[A-Z]+)$/)
})
