// requires root: owners
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, unpack } from '@rt/rootfs'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { type HeaderSpec, tar } from './support/archive.js'
import { runChild } from './support/child.js'
import { foldersOf } from './support/folders.js'
import { layoutOf } from './support/layout.js'
import { describeTree } from './support/tree.js'

/** 8 MiB in 1000 files: enough for a progress report before the end. */
const archive = tar(
  ...Array.from(
    { length: 1000 },
    (_, index): HeaderSpec => ({ path: `d${index % 10}/f${index}`, data: Buffer.alloc(8192, index) }),
  ),
)

/** Ends itself, as a power cut would, once a part is unpacked. */
const DIE = `(progress) => { if (progress.phase === 'unpack' && progress.done > 3e6) process.kill(process.pid, 'SIGKILL') }`

describe('a run that is killed in the middle', () => {
  it('leaves no target, and the next run cleans up and works', async () => {
    const folder = temporaryFolder('crash')
    const path = join(folder, 'x.tar')
    const target = join(folder, 'target')
    writeFileSync(path, archive)
    const child = await runChild(`
      import { unpack } from '@rt/rootfs'
      await unpack(${JSON.stringify(path)}, ${JSON.stringify(target)}, { onProgress: ${DIE} })
    `)
    expect(child).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    expect(existsSync(target)).toBe(false)
    const left = readdirSync(folder).filter((name) => name.startsWith('.target.rt-partial-'))
    expect(left).toHaveLength(1)
    expect(readdirSync(join(folder, left[0]!)).length).toBeGreaterThan(0)

    await unpack(path, target)
    expect(readdirSync(folder).sort()).toEqual(['target', 'x.tar'])
    expect(readdirSync(join(target, 'd7'))).toHaveLength(100)
  })

  it('leaves no layer in the cache, and the next run has it', async () => {
    const rootDir = temporaryFolder('cache')
    const source = `oci:${layoutOf([archive])}`
    const child = await runChild(`
      import { prepare } from '@rt/rootfs'
      await prepare(${JSON.stringify(source)}, { rootDir: ${JSON.stringify(rootDir)}, onProgress: ${DIE} })
    `)
    expect(child).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    expect(readdirSync(join(rootDir, 'layers/sha256')).every((name) => name.includes('.rt-partial-'))).toBe(true)

    const root = await prepare(source, { rootDir })
    root.dispose()
    expect(readdirSync(join(foldersOf(root)[0]!, 'd7'))).toHaveLength(100)
    expect(readdirSync(join(rootDir, 'layers/sha256'))).toHaveLength(1)
    expect(readdirSync(join(rootDir, 'locks'))).toEqual([])
  })
})

describe('two at once', () => {
  const CHILD = (source: string, rootDir: string) => `
    import { statSync } from 'node:fs'
    import { prepare } from '@rt/rootfs'
    const phases = new Set()
    const root = await prepare(${JSON.stringify(source)}, {
      rootDir: ${JSON.stringify(rootDir)},
      onProgress: ({ phase }) => phases.add(phase),
    })
    console.log(JSON.stringify({ inode: statSync(root.lower[0]).ino, waited: phases.has('wait') }))
    root.dispose()
  `

  it('processes: one unpacks, the others wait for it', async () => {
    const rootDir = temporaryFolder('cache')
    const source = `oci:${layoutOf([archive])}`
    const ends = await Promise.all([1, 2, 3].map(() => runChild(CHILD(source, rootDir))))
    expect(ends.map(({ stderr }) => stderr)).toEqual(['', '', ''])
    const results = ends.map(({ stdout }) => JSON.parse(stdout) as { inode: number; waited: boolean })
    expect(new Set(results.map(({ inode }) => inode)).size).toBe(1)
    expect(readdirSync(join(rootDir, 'layers/sha256'))).toHaveLength(1)
    expect(readdirSync(join(rootDir, 'locks'))).toEqual([])
  })

  it('callers in one process: the same', async () => {
    const rootDir = temporaryFolder('cache')
    const source = `oci:${layoutOf([archive])}`
    let waited = 0
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase === 'wait') waited++
    }
    const roots = await Promise.all([1, 2].map(() => prepare(source, { rootDir, onProgress })))
    expect(waited).toBe(1)
    expect(roots[0]!.lower).toEqual(roots[1]!.lower)
    expect(describeTree(realpathSync(foldersOf(roots[0]!)[0]!))).toHaveLength(1011)
    for (const root of roots) root.dispose()
  })

  it('unpack to one directory: one wins, and it is complete', async () => {
    const folder = temporaryFolder('crash')
    const path = join(folder, 'x.tar')
    writeFileSync(path, archive)
    const target = join(folder, 'target')
    const results = await Promise.allSettled([unpack(path, target), unpack(path, target)])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find((result) => result.status === 'rejected')).toMatchObject({ reason: { code: 'RT_EXISTS' } })
    expect(describeTree(target)).toHaveLength(1011)
    expect(readdirSync(folder).sort()).toEqual(['target', 'x.tar'])
    expect(readFileSync(join(target, 'd0/f0')).length).toBe(8192)
  })
})
