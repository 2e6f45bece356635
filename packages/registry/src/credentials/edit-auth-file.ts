import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RtError } from '@rt/sys'
import { type AuthFile, parseAuthFile } from './auth-file.js'

/** An auth.json or config.json to be changed: all of it, whatever else it holds. */
export interface EditableAuthFile {
  /** What of it is about credentials. */
  readonly read: AuthFile
  readonly document: { auths?: Record<string, unknown>; [key: string]: unknown }
  /** Docker indents by tabs, podman too; others by what they like. */
  readonly indent: string
}

/**
 * @returns undefined if there is none
 * @throws RtError RT_PERMISSION, RT_INVALID_CONFIG
 */
export async function openAuthFile(path: string): Promise<EditableAuthFile | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw fileError('read', path, error)
  }
  const read = parseAuthFile(text.trim() === '' ? '{}' : text, path)
  const document = JSON.parse(text.trim() === '' ? '{}' : text)
  return { read, document, indent: /\n([ \t]+)"/.exec(text)?.[1] ?? '\t' }
}

/** A file that isn't there yet. */
export const newAuthFile = (path: string): EditableAuthFile => ({
  read: parseAuthFile('{}', path),
  document: {},
  indent: '\t',
})

/**
 * Writes it whole or not at all, for its owner alone (mode 0600), where its symlink leads if it is one.
 *
 * @throws RtError RT_PERMISSION, RT_INVALID_CONFIG
 */
export async function writeAuthFile({ read: { path }, document, indent }: EditableAuthFile): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const target = await whereItLeads(path)
    const fresh = `${target}.${randomBytes(6).toString('hex')}.tmp`
    try {
      const file = await open(fresh, 'wx', 0o600)
      try {
        await file.writeFile(`${JSON.stringify(document, null, indent)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(fresh, target)
    } catch (error) {
      await rm(fresh, { force: true })
      throw error
    }
  } catch (error) {
    throw fileError('write', path, error)
  }
}

/** @throws what realpath(3) has but that there is nothing yet */
async function whereItLeads(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return path
    throw error
  }
}

function fileError(doing: 'read' | 'write', path: string, cause: unknown): RtError {
  const { code, message } = cause as NodeJS.ErrnoException
  const kind = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'RT_PERMISSION' : 'RT_INVALID_CONFIG'
  return new RtError(kind, `cannot ${doing} the credentials in ${JSON.stringify(path)}: ${message}`, { cause })
}
