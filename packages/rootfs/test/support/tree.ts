import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { lgetxattr, llistxattr } from '@rt/sys'

/** What {@link describeTree} tells of each file. */
export interface TreeOptions {
  readonly times?: boolean
  readonly xattrs?: boolean
  /** Content of regular files. */
  readonly content?: boolean
}

/** A line for each file below a directory: type, mode, owner, path, and what is asked for; sorted. */
export function describeTree(root: string, options: TreeOptions = {}): string[] {
  const lines: string[] = []
  const visit = (path: Buffer, shown: string) => {
    const status = lstatSync(path, { bigint: true })
    const type = status.isDirectory()
      ? 'd'
      : status.isSymbolicLink()
        ? 'l'
        : status.isFile()
          ? 'f'
          : status.isFIFO()
            ? 'p'
            : status.isCharacterDevice()
              ? 'c'
              : 'b'
    const parts = [
      type,
      (Number(status.mode) & 0o7777).toString(8).padStart(4, '0'),
      `${status.uid}:${status.gid}`,
      shown,
    ]
    if (type === 'l') parts.push(`-> ${readlinkSync(path)}`)
    if (type === 'c' || type === 'b') parts.push(`${status.rdev >> 8n}:${status.rdev & 0xffn}`)
    if (type === 'f' && options.content) parts.push(JSON.stringify(readFileSync(path, 'latin1')))
    if (type === 'f' && status.nlink > 1n) parts.push(`links=${status.nlink}`)
    if (options.times) parts.push(String(status.mtimeNs))
    if (options.xattrs) {
      for (const name of llistxattr(path).sort())
        parts.push(`${name}=${JSON.stringify(lgetxattr(path, name).toString('latin1'))}`)
    }
    lines.push(parts.join(' '))
    if (type !== 'd') return
    for (const name of readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare)) {
      visit(Buffer.concat([path, Buffer.from('/'), name]), `${shown}/${name.toString('latin1')}`.replace(/^\.\//, ''))
    }
  }
  visit(Buffer.from(root), '.')
  return lines
}

/** Everything in a folder but one directory of it: to see that it stays as it was. */
export const describeOutside = (folder: string, except: string): string[] =>
  readdirSync(folder)
    .filter((name) => name !== except)
    .flatMap((name) =>
      describeTree(join(folder, name), { times: true, content: true }).map((line) => `${name}: ${line}`),
    )
