import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { putLayout } from '../../../../packages/image/test/support/set-up.js'
import type { TestRegistry } from '../../../../packages/registry/test/support/registry-server.js'
import { random } from '../../../../packages/rootfs/test/support/random.js'
import { layerTar, ociLayout, temporaryFolder } from '../../../../tooling/fixtures/index.js'
import { killedAfter, run } from './store-stress.js'

/** ms within which every command here ends: a kill comes somewhere before, or too late. */
const LONGEST = 400

/**
 * Kills rt at random moments of what changes a store, and looks at the store after each.
 *
 * @param times how often
 * @param seed of the moments
 * @returns what was wrong after one of them; nothing: all was sound, and the next pull and run worked
 */
export async function killStore(registry: TestRegistry, root: string, times: number, seed: number): Promise<string[]> {
  const layer = layerTar(root)
  for (const tag of ['a', 'b'])
    putLayout(registry, 'killed', tag, ociLayout({ layers: [layer], config: { Cmd: [tag] } }))
  const rootDir = join(temporaryFolder('killed'), 'rt')
  const [one, two] = ['a', 'b'].map((tag) => `${registry.host}/killed:${tag}`) as [string, string]
  const commands: readonly (readonly string[])[] = [
    ['pull', '-q', one],
    ['pull', '-q', two],
    ['image', 'rm', '-f', one, two],
    ['image', 'prune', '-a'],
    ['image', 'import', layer, 'imported'],
    ['run', '-q', one, 'true'],
  ]
  const on = ([first = '', ...rest]: readonly string[]) =>
    first === 'image'
      ? [first, rest[0] as string, '--root-dir', rootDir, ...rest.slice(1)]
      : [first, '--root-dir', rootDir, ...rest]
  const next = random(seed)
  const wrong: string[] = []
  for (let time = 0; time < times && wrong.length === 0; time++) {
    const command = commands[Math.floor(next() * commands.length)] as readonly string[]
    const after = Math.floor(next() * LONGEST)
    await killedAfter(after, on(command))
    if (!existsSync(rootDir)) continue
    const where = `${command.join(' ')} killed after ${after} ms (${time + 1}, seed ${seed})`
    for (const check of [
      ['image', 'check'],
      ['pull', '-q', one],
      ['run', '--pull', 'never', one, 'true'],
    ]) {
      const { code, stderr } = await run(on(check))
      if (code !== 0) wrong.push(`${where}: rt ${check[0]} ${check[1]} exits with ${code}: ${stderr}`)
    }
  }
  return wrong
}
