import { closeSync, existsSync, openSync, readSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { RtError } from '@rt/sys'
import { detectCompression } from '../compression/magic.js'
import { refuseImageDirectory } from './image-archive.js'
import { layoutReadings } from './layout-reference.js'
import type { Source } from './source.js'

const OCI = 'oci:'

/**
 * What a SOURCE argument means. Looks at the host, changes nothing.
 *
 *     (none), /               the host's own root
 *     oci:DIR[:TAG][@DIGEST]  an image of an OCI layout
 *     PATH                    a directory, or a tar file (plain, gzip or zstd, told by its first bytes)
 *
 * @param text as the user wrote it; relative paths are those of the working directory
 * @throws RtError RT_NOT_FOUND, saying what was looked for; RT_WRONG_TYPE; RT_ARCHIVE for a file that is no tar, or
 *   compressed by something else; RT_PERMISSION
 */
export function resolveSource(text?: string): Source {
  if (text === undefined) return { kind: 'host' }
  if (text === '') throw new RtError('RT_INVALID_OPTION', 'the source is empty', { origin: 'SOURCE' })
  if (text.startsWith(OCI)) return resolveLayout(text.slice(OCI.length), text)
  const path = resolve(text)
  const status = look(path)
  if (!status) throw notFound(text)
  if (status.isDirectory()) {
    if (realpathSync(path) === '/') return { kind: 'host' }
    if (existsSync(join(path, 'oci-layout')) && existsSync(join(path, 'index.json'))) {
      throw new RtError('RT_WRONG_TYPE', `${JSON.stringify(text)} is an OCI layout, not a root filesystem`, {
        origin: 'SOURCE',
        hint: `to use an image of it: ${OCI}${text}`,
      })
    }
    refuseImageDirectory(path, text)
    return { kind: 'directory', path }
  }
  if (!status.isFile()) {
    throw new RtError('RT_WRONG_TYPE', `cannot use ${JSON.stringify(text)}: expected a directory or a tar file`, {
      origin: 'SOURCE',
    })
  }
  return { kind: 'tar', path, compression: detectCompression(firstBytes(path), text) }
}

/** What skopeo reads, of which it makes a layout. */
const TRANSPORTS = new Set(['docker', 'docker-archive', 'docker-daemon', 'oci-archive', 'dir', 'containers-storage'])

/** `DIR[:TAG][@DIGEST]`: of all ways to read it the first whose directory is a layout. */
function resolveLayout(rest: string, text: string): Source {
  const { readings, complaint } = layoutReadings(rest)
  let other: string | undefined
  for (const { directory, ...reference } of readings) {
    const path = resolve(directory)
    const status = look(path)
    if (!status) continue
    if (status.isDirectory() && existsSync(join(path, 'oci-layout'))) return { kind: 'oci', path, ...reference }
    other ??= directory
  }
  if (complaint !== undefined) {
    throw new RtError('RT_INVALID_OPTION', `${JSON.stringify(text)} names no image: ${complaint}`, { origin: text })
  }
  if (other !== undefined) {
    throw new RtError('RT_WRONG_TYPE', `${JSON.stringify(other)} is no OCI layout: it has no file "oci-layout"`, {
      origin: text,
    })
  }
  const looked = [...new Set(readings.map(({ directory }) => JSON.stringify(resolve(directory))))].join(' or ')
  throw new RtError('RT_NOT_FOUND', `no OCI layout at ${looked}`, {
    origin: text,
    hint: `expected ${OCI}DIR[:TAG][@DIGEST]`,
  })
}

/** @returns undefined if there is nothing @throws RtError RT_PERMISSION */
function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ELOOP') return undefined
    throw new RtError(
      code === 'EACCES' ? 'RT_PERMISSION' : 'RT_NOT_FOUND',
      `cannot look at ${JSON.stringify(path)}: ${code}`,
      {
        origin: 'SOURCE',
        cause,
      },
    )
  }
}

function firstBytes(path: string): Uint8Array {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new RtError('RT_PERMISSION', `cannot open ${JSON.stringify(path)}: ${code}`, { origin: 'SOURCE', cause })
  }
  try {
    const head = Buffer.alloc(512)
    return head.subarray(0, readSync(fd, head, 0, head.length, 0))
  } finally {
    closeSync(fd)
  }
}

function notFound(text: string): RtError {
  const looked = `looked for a directory or a tar file at ${JSON.stringify(resolve(text))}`
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(text)?.[1]
  return new RtError('RT_NOT_FOUND', `no such source ${JSON.stringify(text)}: ${looked}`, {
    origin: 'SOURCE',
    hint:
      scheme === undefined
        ? 'a source is a directory, a tar file (plain, gzip or zstd) or oci:DIR[:TAG]; without one the host’s root is used'
        : TRANSPORTS.has(scheme)
          ? `images are read from a local OCI layout: skopeo copy ${text} oci:LAYOUT:latest; then use oci:LAYOUT:latest`
          : `"${scheme}:" is not known; images are read from a local OCI layout: oci:DIR[:TAG]`,
  })
}
