// requires root, busybox, ports of 127.0.0.1; with skopeo it writes the same store. The long sibling is store-stress.long.ts
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { putLayout } from '../../../packages/image/test/support/set-up.js'
import { TestRegistry } from '../../../packages/registry/test/support/registry-server.js'
import { busyboxRoot, layerTar, needs, ociLayout, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { killStore } from './support/kill-store.js'
import { other, run } from './support/store-stress.js'

let registry: TestRegistry
const layer = layerTar(busyboxRoot())

beforeAll(async () => {
  registry = await TestRegistry.start()
  for (let each = 0; each < 8; each++) {
    const layout = ociLayout({ layers: [layer], config: { Labels: { each: String(each) } } })
    putLayout(registry, `app${each}`, 'v1', layout)
  }
})
afterAll(() => registry.close())

const names = () => Array.from({ length: 8 }, (_, each) => `${registry.host}/app${each}:v1`)
const tagsOf = (rootDir: string): string[] =>
  execFileSync(
    process.execPath,
    [
      '--',
      join(import.meta.dirname, '../dist/rt.js'),
      'images',
      '--root-dir',
      rootDir,
      '--format',
      '{{.Repository}}:{{.Tag}}',
    ],
    {
      encoding: 'utf8',
    },
  )
    .split('\n')
    .filter(Boolean)
    .sort()

describe('at the same time', () => {
  it('8 pulls and a prune that goes round and round: nothing fails, all is there', { timeout: 120_000 }, async () => {
    const rootDir = join(temporaryFolder('pruned'), 'rt')
    let isPulling = true
    const pruning = (async () => {
      const ended = []
      while (isPulling) ended.push(await run(['image', 'prune', '--root-dir', rootDir]))
      return ended
    })()
    const pulled = []
    for (let round = 0; round < 2; round++) {
      pulled.push(...(await Promise.all(names().map((name) => run(['pull', '-q', '--root-dir', rootDir, name])))))
    }
    isPulling = false
    const pruned = await pruning
    expect([...pulled, ...pruned].filter(({ code }) => code !== 0)).toEqual([])
    expect(pruned.length).toBeGreaterThan(1)
    expect(tagsOf(rootDir)).toEqual(names().sort())
    expect(await run(['image', 'check', '--root-dir', rootDir])).toMatchObject({ code: 0 })
  })

  it('8 rt and 8 skopeo write one store: rt has all its names', { timeout: 120_000 }, async (context) => {
    needs(context, 'skopeo')
    const rootDir = join(temporaryFolder('shared'), 'rt')
    await run(['pull', '-q', '--root-dir', rootDir, names()[0] as string])
    const source = `oci:${ociLayout({ layers: [layer] })}:latest`
    const target = (each: number) => `oci:${join(rootDir, 'images')}:docker.io/library/theirs:${each}`
    const ended = await Promise.all(
      names().flatMap((name, each) => [
        run(['pull', '-q', '--root-dir', rootDir, name]),
        other('skopeo', ['copy', '-q', source, target(each)]),
      ]),
    )
    expect(ended.filter(({ args, code }) => args[0] !== 'skopeo' && code !== 0)).toEqual([])
    expect(tagsOf(rootDir)).toEqual(expect.arrayContaining(names()))
    // What skopeo has lost is found, said, and put back.
    await run(['image', 'check', '--repair', '--root-dir', rootDir])
    expect(await run(['image', 'check', '--root-dir', rootDir])).toMatchObject({ code: 0 })
  })
})

it('killed at any moment, the store is sound, and the next pull and run work', { timeout: 300_000 }, async () => {
  expect(await killStore(registry, busyboxRoot(), 25, 1)).toEqual([])
})
