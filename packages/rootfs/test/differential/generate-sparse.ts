import { type HeaderSpec, member } from '../support/archive.js'
import type { Chance } from './chance.js'

type Runs = readonly (readonly [offset: number, length: number])[]

/** A map of up to 30 runs, now and then one that contradicts itself. */
function randomRuns(chance: Chance): { runs: Runs; realSize: number; data: Buffer } {
  const runs: [number, number][] = []
  let end = 0
  for (let count = chance.rarely(0.2) ? 5 + chance.below(26) : chance.below(4); count > 0; count--) {
    const offset = end + chance.below(700)
    // Whole blocks, but for the last and now and then.
    const length = count === 1 || chance.rarely(0.01) ? chance.below(40) : chance.of([0, 512, 512])
    runs.push([offset, length])
    end = offset + length
  }
  const realSize = end + chance.of([0, 0, 1, 600])
  if (realSize > end ? !chance.rarely(0.03) : chance.rarely(0.5)) runs.push([realSize, 0])
  const data = Buffer.alloc(
    runs.reduce((sum, [, length]) => sum + length, 0),
    's',
  )
  const run = runs[chance.below(runs.length)]
  if (run && chance.rarely(0.05)) run[chance.below(2)]! += chance.of([-1, 1, 512])
  return { runs, realSize: chance.rarely(0.05) ? realSize + chance.of([-1, 512]) : realSize, data }
}

const number = (value: number): string => `${Math.max(0, value).toString(8).padStart(11, '0')}\0`
const pair = ([offset, length]: Runs[number]): string => number(offset) + number(length)

/** GNU's old format. */
function oldFormat(chance: Chance, base: HeaderSpec): Buffer {
  const { runs, realSize, data } = randomRuns(chance)
  const rest = runs.slice(4)
  const tables: Buffer[] = []
  while (rest.length > 0 || (tables.length === 0 && chance.rarely(0.05))) {
    const table = Buffer.alloc(512)
    table.write(rest.splice(0, 21).map(pair).join(''), 'latin1')
    table[504] = rest.length > 0 ? 1 : 0
    tables.push(table)
  }
  const header = member({
    ...base,
    type: 'S',
    magic: chance.rarely(0.05) ? 'ustar' : 'gnu',
    size: data.length,
    patch(block) {
      block.write(runs.slice(0, 4).map(pair).join(''), 386, 'latin1')
      block[482] = tables.length > 0 ? 1 : 0
      block.write(number(realSize), 483, 'latin1')
    },
  })
  const content = Buffer.alloc(Math.ceil(data.length / 512) * 512)
  data.copy(content)
  return Buffer.concat([header, ...tables, content])
}

type Records = (readonly [keyword: string, value: string])[]

/** One of the three pax formats. */
function paxFormat(chance: Chance, base: HeaderSpec, version: '0.0' | '0.1' | '1.0'): Buffer {
  const { runs, realSize, data } = randomRuns(chance)
  const pairs = String(runs.length)
  const records: Records =
    version === '0.0'
      ? [
          ['GNU.sparse.size', String(realSize)],
          ['GNU.sparse.numblocks', pairs],
          ...runs.flatMap(
            ([offset, length]): Records => [
              ['GNU.sparse.offset', String(offset)],
              ['GNU.sparse.numbytes', String(length)],
            ],
          ),
        ]
      : version === '0.1'
        ? [
            ['GNU.sparse.size', String(realSize)],
            ['GNU.sparse.numblocks', pairs],
            ['GNU.sparse.name', 'sparse/name'],
            ['GNU.sparse.map', runs.join()],
          ]
        : [
            ['GNU.sparse.major', '1'],
            ['GNU.sparse.minor', '0'],
            ['GNU.sparse.name', 'sparse/name'],
            ['GNU.sparse.realsize', String(realSize)],
          ]
  if (chance.rarely(0.1)) records.splice(chance.below(records.length), 1)
  if (chance.rarely(0.1)) records.push(chance.of(records))
  if (chance.rarely(0.1)) records.push(['path', 'by/path'])
  if (chance.rarely(0.1)) records.unshift(['path', 'by/path'])
  const text = `${pairs}\n${runs.map(([offset, length]) => `${offset}\n${length}\n`).join('')}`
  const map = version === '1.0' ? Buffer.alloc(Math.ceil(text.length / 512) * 512) : Buffer.alloc(0)
  map.write(text)
  return member({
    ...base,
    path: 'GNUSparseFile.1/header',
    type: chance.rarely(0.05) ? chance.of('7\x005312') : '0',
    pax: records,
    data: Buffer.concat([map, data]),
  })
}

/** A sparse file in one of GNU's four formats. */
export function sparseMember(chance: Chance): Buffer {
  const base: HeaderSpec = { path: 'sparse', mtime: 1_600_000_000 }
  const format = chance.of(['old', '0.0', '0.1', '1.0'] as const)
  return format === 'old' ? oldFormat(chance, base) : paxFormat(chance, base, format)
}
