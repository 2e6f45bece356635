// requires nothing
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { openStore } from '../src/index.js'
import { type Entry, named, nameOf } from '../src/names/descriptor.js'
import { editNames, readNames } from '../src/names/names.js'
import { placesOf } from '../src/store/open-store.js'
import { testStore } from './support/set-up.js'

const entry = (letter: string): Entry => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${letter.repeat(64)}`,
  size: 1,
})
const places = () => placesOf(testStore())
const put = (at: ReturnType<typeof places>, each: Entry) =>
  void editNames(at, (entries) => [...entries.filter((other) => nameOf(other) !== nameOf(each)), each])
const names = (at: ReturnType<typeof places>) =>
  Object.fromEntries(readNames(at).entries.map((each) => [nameOf(each), each.digest[7]]))
const indexOf = (at: ReturnType<typeof places>) => JSON.parse(readFileSync(at.index, 'utf8'))

it('keeps what others wrote: entries, fields of entries, fields of the index', () => {
  const at = places()
  const theirs = [
    { ...named(entry('a'), 'theirs'), urls: ['x'] },
    { mediaType: 'application/x', digest: 'md5:00', size: -1 },
  ]
  writeFileSync(at.index, JSON.stringify({ schemaVersion: 2, annotations: { by: 'them' }, manifests: theirs }))
  put(at, named(entry('b'), 'ours'))
  expect(indexOf(at)).toMatchObject({ schemaVersion: 2, annotations: { by: 'them' } })
  expect(indexOf(at).manifests).toEqual(expect.arrayContaining(theirs))
  expect(names(at)).toEqual({ theirs: 'a', ours: 'b' })
})

it('a name that another tool has lost still holds, and comes back with the next change', () => {
  const at = places()
  put(at, named(entry('a'), 'ours'))
  writeFileSync(at.index, JSON.stringify({ schemaVersion: 2, manifests: [named(entry('c'), 'theirs')] }))
  expect(readNames(at).vanished).toEqual(['ours'])
  expect(names(at)).toEqual({ theirs: 'c', ours: 'a' })
  put(at, named(entry('b'), 'more'))
  expect(indexOf(at).manifests.map(nameOf).sort()).toEqual(['more', 'ours', 'theirs'])
  expect(readNames(at).vanished).toEqual([])
})

it('a name that another tool gives anew is theirs; one that it only puts back is not', () => {
  const at = places()
  put(at, named(entry('a'), 'name'))
  const stale = readFileSync(at.index)
  put(at, named(entry('b'), 'name'))
  writeFileSync(at.index, stale)
  expect(names(at)).toEqual({ name: 'b' })
  writeFileSync(at.index, JSON.stringify({ schemaVersion: 2, manifests: [named(entry('c'), 'name')] }))
  expect(names(at)).toEqual({ name: 'c' })
})

it('a name that is taken away is gone', () => {
  const at = places()
  put(at, named(entry('a'), 'one'))
  put(at, named(entry('b'), 'two'))
  editNames(at, (entries) => entries.filter((each) => nameOf(each) !== 'one'))
  expect(names(at)).toEqual({ two: 'b' })
  expect(readNames(at).vanished).toEqual([])
})

it('a crash between the two files leaves no name that seems to be lost', () => {
  const at = places()
  put(at, named(entry('a'), 'old'))
  const before = { index: readFileSync(at.index), names: readFileSync(at.names) }
  put(at, named(entry('b'), 'new'))
  // index.json was written, and nothing after it.
  writeFileSync(at.names, before.names)
  expect(readNames(at).vanished).toEqual([])
  expect(names(at)).toEqual({ old: 'a', new: 'b' })
  const full = readFileSync(at.index)
  editNames(at, (entries) => entries.filter((each) => nameOf(each) !== 'old'))
  // Forgotten, and still there: as if it had not been begun.
  writeFileSync(at.index, full)
  expect(readNames(at).vanished).toEqual([])
  expect(names(at)).toEqual({ old: 'a', new: 'b' })
})

it('waits for an index that another tool is writing, and refuses one that stays cut', () => {
  const at = places()
  put(at, named(entry('a'), 'one'))
  writeFileSync(at.index, '{"schemaVersion": 2, "mani')
  expect(() => readNames(at)).toThrow(
    expect.objectContaining({ code: 'RT_ARCHIVE', hint: expect.stringContaining('--repair') }),
  )
})

it('a store of another version is refused', () => {
  const store = testStore()
  writeFileSync(`${store.layout}/oci-layout`, '{"imageLayoutVersion": "2.0.0"}')
  expect(() => openStore({ rootDir: store.rootDir })).toThrow(
    expect.objectContaining({ code: 'RT_UNSUPPORTED', message: expect.stringContaining('2.0.0') }),
  )
})
