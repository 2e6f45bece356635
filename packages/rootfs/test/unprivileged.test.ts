// requires root: becomes a plain user in a process of its own
import { chmodSync, chownSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { tar } from './support/archive.js'
import { runChild } from './support/child.js'
import { layoutOf } from './support/layout.js'
import { describeTree } from './support/tree.js'

const UID = 65534

/** A folder that the user owns, and can reach. */
function folderOf(uid: number): string {
  const folder = temporaryFolder('user')
  for (let path = folder; path !== '/tmp'; path = join(path, '..')) chmodSync(path, 0o755)
  chownSync(folder, uid, uid)
  return folder
}

const archive = tar(
  { path: 'dev/' },
  { path: 'dev/null', type: '3', major: 1, minor: 3 },
  { path: 'dev/zero', type: '3', major: 1, minor: 5 },
  { path: 'closed/', mode: 0o500, uid: 5, mtime: 9 },
  { path: 'closed/secret', mode: 0o000, uid: 5, data: 'x', mtime: 8 },
  { path: 'su', mode: 0o4755, data: 'x', mtime: 8 },
  {
    path: 'f',
    mtime: 8,
    pax: [
      ['SCHILY.xattr.trusted.x', 'y'],
      ['SCHILY.xattr.user.x', 'y'],
    ],
  },
)

describe('a plain user', () => {
  it('unpacks as the owner of all, and is told what is left out', async (context) => {
    needs(context, 'root')
    const folder = folderOf(UID)
    const path = join(folder, 'x.tar')
    writeFileSync(path, archive)
    const child = await runChild(
      `import { unpack } from '@rt/rootfs'
       const { warnings } = await unpack(${JSON.stringify(path)}, ${JSON.stringify(`${path}.d`)})
       console.log(JSON.stringify(warnings))`,
      { uid: UID },
    )
    expect(child.stderr).toBe('')
    expect(JSON.parse(child.stdout)).toEqual([
      '2 entries, first "dev/null": device nodes were left out: this user may not make them',
      '"f": extended attribute "trusted.x" was left out: this user may not set it',
    ])
    const owner = `${UID}:${UID}`
    expect(describeTree(`${path}.d`, { times: true, xattrs: true }).slice(1)).toEqual([
      `d 0500 ${owner} closed 9000000000`,
      `f 0000 ${owner} closed/secret 8000000000`,
      `d 0755 ${owner} dev 1700000000000000000`,
      `f 0644 ${owner} f 8000000000 user.x="y"`,
      `f 4755 ${owner} su 8000000000`,
    ])
  })

  it('removes what a crash left, though its modes forbid it', async (context) => {
    needs(context, 'root')
    const folder = folderOf(UID)
    const path = join(folder, 'x.tar')
    const entries = Array.from({ length: 200 }, (_, index) => ({ path: `d${index}/s/`, mode: 0o500 }))
    writeFileSync(path, tar(...entries))
    const run = (die: boolean) => `
      import { TargetTree } from ${JSON.stringify(new URL('../src/extract/target.ts', import.meta.url).href)}
      import { Staging } from ${JSON.stringify(new URL('../src/staging/staging.ts', import.meta.url).href)}
      import { unpack } from '@rt/rootfs'
      // Complete but for the name: all modes are set by then.
      if (${die}) Staging.prototype.commit = () => process.kill(process.pid, 'SIGKILL')
      await unpack(${JSON.stringify(path)}, ${JSON.stringify(`${path}.d`)})
    `
    expect(await runChild(run(true), { uid: UID })).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    expect(readdirSync(folder)).toHaveLength(2)
    expect(await runChild(run(false), { uid: UID })).toMatchObject({ code: 0, stderr: '' })
    expect(readdirSync(folder).sort()).toEqual(['x.tar', 'x.tar.d'])
  })

  it('has layers in the form of overlay’s userxattr, below XDG_DATA_HOME, and looks into them', async (context) => {
    needs(context, 'root')
    const home = folderOf(UID)
    const layers = [
      tar(
        { path: 'etc/' },
        { path: 'etc/passwd', data: 'base' },
        { path: 'etc/gone' },
        { path: 'old/x' },
        { path: 'bin', type: '2', link: '/usr/bin' },
      ),
      tar(
        { path: 'etc/.wh.gone' },
        { path: 'etc/passwd', data: 'top' },
        { path: 'old/.wh..wh..opq' },
        { path: 'old/y' },
        { path: 'usr/bin/sh', data: 'sh' },
      ),
    ]
    const layout = layoutOf(layers)
    for (const path of [layout, join(layout, '..')]) chmodSync(path, 0o755)
    const child = await runChild(
      `import { readFileSync } from 'node:fs'
       import { prepare } from '@rt/rootfs'
       const root = await prepare('oci:${layout}')
       const view = root.openView()
       const text = (path) => { const fd = view.open(path, 0); return fd === undefined ? null : readFileSync(fd, 'utf8') }
       const paths = ['/etc/passwd', 'etc/gone', '/old/x', '/old/y', '/bin/sh', '/../bin/../bin/sh', '/none/x']
       console.log(JSON.stringify({ fd: view.fd ?? null, found: paths.map(text), userxattr: root.userxattr, lower: root.lower }))
       root.dispose()`,
      { uid: UID, env: { XDG_DATA_HOME: home } },
    )
    expect(child.stderr).toBe('')
    const result = JSON.parse(child.stdout) as { lower: string[] }
    expect(result).toMatchObject({ fd: null, userxattr: true, found: ['top', null, null, '', 'sh', 'sh', null] })
    for (const path of result.lower) expect(path.startsWith(`${home}/rt/l/`)).toBe(true)
    const [top] = result.lower
    expect(describeTree(`${top}/.`, { xattrs: true }).map((line) => line.replace(` ${UID}:${UID}`, ''))).toEqual([
      'd 0755 .',
      'd 0755 etc',
      'c 0000 etc/gone 0:0',
      'f 0644 etc/passwd',
      'd 0755 old user.overlay.opaque="y"',
      'f 0644 old/y',
      'd 0755 usr',
      'd 0755 usr/bin',
      'f 0644 usr/bin/sh',
    ])
  })
})
