import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { RtError } from '@rt/sys'
import type { Source } from './source.js'

/** Kinds of images that are files or directories, but no layout: skopeo's name of each, and what made it. */
const KINDS = {
  'docker-archive': 'an image archive, as "docker save" writes it',
  'oci-archive': 'an archive of an OCI layout',
  dir: 'an image directory, as "skopeo copy … dir:" writes it',
} as const

type Kind = keyof typeof KINDS

/** Bytes of a file that are looked at. */
const HEAD = 4096

/** The beginning of a regular file, if it is one; nothing is waited for. */
function headOf(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return undefined // not there, or not for us to read: then it is no sign
  }
  try {
    if (!fstatSync(fd).isFile()) return undefined
    const head = Buffer.alloc(HEAD)
    return head.toString('utf8', 0, readSync(fd, head, 0, HEAD, 0))
  } finally {
    closeSync(fd)
  }
}

/** What image a directory holds, or the content of an archive; undefined: it is no image, but files. */
function kindOf(directory: string): Kind | undefined {
  const manifest = headOf(join(directory, 'manifest.json'))
  // Docker's list of images, each with its configuration; newer ones have an OCI layout beside it.
  if (manifest !== undefined && /^\s*\[\s*\{/.test(manifest) && /"(Config|Layers)"\s*:/.test(manifest)) {
    return 'docker-archive'
  }
  if (headOf(join(directory, 'oci-layout'))?.includes('"imageLayoutVersion"')) return 'oci-archive'
  const version = headOf(join(directory, 'version'))
  return manifest !== undefined && version?.startsWith('Directory Transport Version') ? 'dir' : undefined
}

function refusal(kind: Kind, source: string, copy: string): RtError {
  return new RtError('RT_WRONG_TYPE', `${JSON.stringify(source)} is ${KINDS[kind]}, not a root filesystem`, {
    origin: 'SOURCE',
    hint: `make an OCI layout of it: ${copy} oci:LAYOUT:latest; then use oci:LAYOUT:latest`,
  })
}

/** A path as a shell and skopeo take it; a word for one that they would take apart. */
const named = (path: string): string => (/^[\w./+-]+$/.test(path) ? path : 'SOURCE')

/**
 * Refuses an archive that holds an image instead of the files of a root.
 *
 * @param directory where its content is
 * @throws RtError RT_WRONG_TYPE with a command that turns it into what is read
 */
export function refuseImageArchive(directory: string, archive: Source & { readonly kind: 'tar' }): void {
  const kind = kindOf(directory)
  const path = named(archive.path)
  // No tool reads a "dir" in a tar; and skopeo 1.9 reads no docker archive that is compressed.
  if (kind === 'dir') throw refusal(kind, archive.path, `mkdir DIR && tar -C DIR -xf ${path} && skopeo copy dir:DIR`)
  if (!kind) return
  const plain = archive.compression === 'none'
  const decompress = plain ? '' : `${archive.compression} -dc < ${path} > FILE.tar && `
  throw refusal(kind, archive.path, `${decompress}skopeo copy ${kind}:${plain ? path : 'FILE.tar'}`)
}

/**
 * Refuses a directory that is an image instead of a root, other than an OCI layout.
 *
 * @throws RtError RT_WRONG_TYPE with a command that turns it into what is read
 */
export function refuseImageDirectory(directory: string, source: string): void {
  const kind = kindOf(directory)
  const path = named(source)
  if (kind === 'dir') throw refusal(kind, source, `skopeo copy dir:${path}`)
  if (kind === 'docker-archive') {
    throw refusal(kind, source, `tar -C ${path} -cf FILE.tar . && skopeo copy docker-archive:FILE.tar`)
  }
}
