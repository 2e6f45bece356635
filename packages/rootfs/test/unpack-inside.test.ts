// requires root: mounts, another user
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { unpack } from '@rt/rootfs'
import { MNT_DETACH, MS_RDONLY, mount, mountBind, umount2 } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { tar } from './support/archive.js'
import { runChild } from './support/child.js'
import { describeTree } from './support/tree.js'

const UID = 65534

const archive = tar(
  { path: './', mode: 0o1750, uid: 7, gid: 8, mtime: 5, pax: [['SCHILY.xattr.trusted.k', 'v']] },
  { path: 'closed/', mode: 0o500, mtime: 6 },
  { path: 'closed/file', data: 'x', mtime: 6 },
  { path: 'file', data: 'right', mtime: 7 },
  { path: 'link', type: '2', link: 'file', mtime: 7 },
)

function write(): { folder: string; source: string } {
  const folder = temporaryFolder('inside')
  const source = join(folder, 'x.tar')
  writeFileSync(source, archive)
  return { folder, source }
}

/** A directory that is a mount point meanwhile. */
async function mounted<T>(how: 'tmpfs' | 'bind' | 'read-only', use: (path: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder('mounted')
  const path = join(folder, 'target')
  mkdirSync(path)
  mkdirSync(join(folder, 'source'))
  if (how === 'bind') mountBind(join(folder, 'source'), path)
  else mount('rt-test', path, 'tmpfs', how === 'read-only' ? MS_RDONLY : 0)
  try {
    return await use(path)
  } finally {
    umount2(path, MNT_DETACH)
  }
}

const shown = (path: string) => describeTree(path, { times: true, xattrs: true, content: true })

describe('unpack to a mount point', () => {
  it.for(['tmpfs', 'bind'] as const)(
    '%s: makes what it makes elsewhere, the root’s own metadata too',
    async (how, context) => {
      needs(context, 'root')
      const { source } = write()
      await unpack(source, `${source}.d`)
      const before = shown(`${source}.d`)
      await mounted(how, async (path) => {
        expect(await unpack(source, path)).toMatchObject({ directory: path, entries: 5 })
        expect(shown(path)).toEqual(before)
        await expect(unpack(source, path)).rejects.toMatchObject({ code: 'RT_EXISTS' })
      })
    },
  )

  it('that was just formatted: lost+found may be there', async (context) => {
    needs(context, 'root')
    const { source } = write()
    await mounted('tmpfs', async (path) => {
      mkdirSync(join(path, 'lost+found'), { mode: 0o700 })
      await unpack(source, path)
      expect(readdirSync(path)).toEqual(['closed', 'file', 'link', 'lost+found'])
    })
    // Elsewhere it is a directory like any other.
    const folder = temporaryFolder('inside')
    mkdirSync(join(folder, 'd/lost+found'), { recursive: true })
    await expect(unpack(source, join(folder, 'd'))).rejects.toMatchObject({ code: 'RT_EXISTS' })
  })

  it('that is read-only is refused before anything is read', async (context) => {
    needs(context, 'root')
    const { source } = write()
    await mounted('read-only', async (path) => {
      const onProgress = () => expect.unreachable()
      await expect(unpack(source, path, { onProgress })).rejects.toMatchObject({ code: 'EROFS' })
    })
  })

  it('leaves nothing of an archive that is refused or aborted', async (context) => {
    needs(context, 'root')
    const { folder, source } = write()
    const cut = join(folder, 'cut.tar')
    writeFileSync(cut, archive.subarray(0, archive.length - 2048))
    await mounted('tmpfs', async (path) => {
      await expect(unpack(cut, path)).rejects.toMatchObject({ code: 'RT_ARCHIVE' })
      await expect(unpack(source, path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
      expect(readdirSync(path)).toEqual([])
    })
  })

  it('of two at once has one, whole', async (context) => {
    needs(context, 'root')
    const { source } = write()
    await mounted('tmpfs', async (path) => {
      const results = await Promise.allSettled([unpack(source, path), unpack(source, path)])
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'RT_EXISTS' } })
      expect(readdirSync(path)).toEqual(['closed', 'file', 'link'])
    })
  })

  it('killed while it is filled is empty to the next, killed while entries are moved doesn’t look complete', async (context) => {
    needs(context, 'root')
    const { source } = write()
    const killed = (path: string, after: string) =>
      runChild(`
        import { unpack } from '@rt/rootfs'
        import { StagingInside } from ${JSON.stringify(new URL('../src/staging/staging-inside.ts', import.meta.url).href)}
        import { MetadataWriter } from ${JSON.stringify(new URL('../src/extract/metadata.ts', import.meta.url).href)}
        const die = () => process.kill(process.pid, 'SIGKILL')
        if (${JSON.stringify(after)} === 'filled') StagingInside.prototype.commit = die
        else MetadataWriter.prototype.applyToDirectory = die
        await unpack(${JSON.stringify(source)}, ${JSON.stringify(path)})
      `)
    await mounted('tmpfs', async (path) => {
      expect(await killed(path, 'filled')).toMatchObject({ signal: 'SIGKILL', stderr: '' })
      expect(readdirSync(path)).toEqual([expect.stringMatching(/^\.target\.rt-partial-/)])
      await unpack(source, path)
      expect(readdirSync(path)).toEqual(['closed', 'file', 'link'])
    })
    await mounted('tmpfs', async (path) => {
      expect(await killed(path, 'moved')).toMatchObject({ signal: 'SIGKILL', stderr: '' })
      expect(readdirSync(path)).toContainEqual(expect.stringMatching(/^\.target\.rt-partial-/))
      expect(statSync(path).mtimeMs).not.toBe(5000)
      await expect(unpack(source, path)).rejects.toMatchObject({ code: 'RT_EXISTS' })
    })
  })
})

describe('unpack to one’s own directory', () => {
  it('in one that the caller may not write: is filled inside', async (context) => {
    needs(context, 'root')
    const { folder, source } = write()
    for (let path = folder; path !== '/tmp'; path = dirname(path)) chmodSync(path, 0o755)
    const plain = join(folder, 'own')
    mkdirSync(plain)
    chownSync(plain, UID, UID)
    const sticky = join(folder, 'sticky')
    mkdirSync(sticky)
    chmodSync(sticky, 0o1777)
    mkdirSync(join(sticky, 'of-root'))
    chmodSync(join(sticky, 'of-root'), 0o777)
    for (const target of [plain, join(sticky, 'of-root')]) {
      const child = await runChild(
        `import { unpack } from '@rt/rootfs'
         await unpack(${JSON.stringify(source)}, ${JSON.stringify(target)}).then(() => console.log('done'), (error) => console.log(error.code))`,
        { uid: UID },
      )
      if (target === plain) {
        expect(child).toMatchObject({ stdout: 'done\n', stderr: '' })
        expect(readdirSync(target).sort()).toEqual(['closed', 'file', 'link'])
        expect(statSync(target)).toMatchObject({ uid: UID, mtimeMs: 5000 })
        expect(statSync(join(target, 'closed')).mode & 0o7777).toBe(0o500)
        expect(readFileSync(join(target, 'file'), 'utf8')).toBe('right')
      } else {
        // Its mode and times can't be set, so it would never be whole.
        expect(child.stdout).toBe('RT_PERMISSION\n')
        expect(readdirSync(target)).toEqual([])
      }
    }
  })

  it('by a symlink fills what it leads to; a dangling one is refused', async (context) => {
    needs(context, 'root')
    const { folder, source } = write()
    mkdirSync(join(folder, 'real'))
    symlinkSync('real', join(folder, 'link'))
    symlinkSync('nowhere', join(folder, 'dangling'))
    await unpack(source, join(folder, 'link'))
    expect(readFileSync(join(folder, 'real/file'), 'utf8')).toBe('right')
    await expect(unpack(source, join(folder, 'dangling'))).rejects.toMatchObject({ code: 'RT_EXISTS' })
    expect(existsSync(join(folder, 'nowhere'))).toBe(false)
  })
})
