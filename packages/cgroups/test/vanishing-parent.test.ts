// requires nothing: directories of /tmp stand for groups
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import * as sys from '@rt/sys'
import { expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'
import { perform } from '../src/perform.js'
import { V1_HOST } from './hosts.js'

const marked = new Set<string>()
const meanwhile = vi.hoisted(() => ({ mark: undefined as ((path: string) => void) | undefined }))
vi.mock('@rt/sys', async (original) => ({
  ...(await original<typeof sys>()),
  lsetxattr: (path: string) => meanwhile.mark?.(path),
}))

it('each parent that was made is marked, though another container removes one of them and makes it anew', async () => {
  const names = ['a', 'b', 'c']
  for (const vanishing of names) {
    const top = temporaryFolder('groups')
    const parents = names.map((_, i) => join(top, ...names.slice(0, i + 1)))
    let hasVanished = false
    marked.clear()
    meanwhile.mark = (path) => {
      if (!hasVanished && path.endsWith(`/${vanishing}`)) {
        hasVanished = true
        rmdirSync(path)
        mkdirSync(path)
        marked.add(path)
        // ENOENT: it was the one that was removed.
        throw new sys.SyscallError({ syscall: 'lsetxattr', errno: 2, path, message: 'gone' })
      }
      marked.add(path)
    }
    const directory = join(parents[2] as string, 'group')
    const [hierarchy] = V1_HOST.hierarchies
    await perform([{ kind: 'make', hierarchy: hierarchy as NonNullable<typeof hierarchy>, parents, directory }])
    expect(hasVanished).toBe(true)
    expect([...marked]).toEqual(parents)
  }
})
