import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { lgetxattr, llistxattr } from '@rt/sys'

const TYPES = new Map([
  [0o040000, 'dir'],
  [0o120000, 'link'],
  [0o100000, 'file'],
  [0o010000, 'fifo'],
  [0o020000, 'char'],
  [0o060000, 'block'],
])

/**
 * All that an image says of each file below a directory, a line each: type, mode, owner, time, device, target, content,
 * attributes, and which names are one file. Overlay's own marks are left out; times after `since` are "now": nobody
 * said them.
 *
 * @param since milliseconds
 */
export function listing(root: string, since: number): string[] {
  const lines: string[] = []
  const names = new Map<string, string>()
  const visit = (path: string, shown: string) => {
    const status = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (!status) {
      lines.push(`${shown} is listed, and not there`) // a whiteout where overlay merges nothing
      return
    }
    const type = TYPES.get(Number(status.mode) & 0o170000)!
    const parts = [shown, type]
    if (type !== 'link') parts.push((Number(status.mode) & 0o7777).toString(8))
    parts.push(`${status.uid}:${status.gid}`)
    parts.push(status.mtimeMs >= BigInt(Math.floor(since)) ? 'now' : String(status.mtimeNs))
    if (type === 'link') parts.push(`-> ${readlinkSync(path)}`)
    if (type === 'char' || type === 'block') parts.push(`${status.rdev >> 8n}:${status.rdev & 0xffn}`)
    if (type === 'file') parts.push(createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12))
    if (type !== 'dir' && status.nlink > 1n) {
      const key = `${status.dev}/${status.ino}`
      const first = names.get(key)
      if (first === undefined) names.set(key, shown)
      else parts.push(`is ${first}`)
    }
    for (const name of llistxattr(path).sort()) {
      if (/^(trusted|user)\.overlay\./.test(name)) continue
      parts.push(`${name}=${lgetxattr(path, name).toString('hex')}`)
    }
    lines.push(parts.join(' '))
    if (type !== 'dir') return
    for (const name of readdirSync(path).sort()) visit(`${path}/${name}`, shown === '.' ? name : `${shown}/${name}`)
  }
  visit(root, '.')
  return lines
}
