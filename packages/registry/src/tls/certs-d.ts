import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RtError } from '@rt/sys'

/** What certs.d holds for a host. */
export interface Certificates {
  /** CAs to believe besides the usual ones, PEM. */
  readonly ca: readonly string[]
  /** Certificates that tell the host who we are, PEM, and their keys in the same order. */
  readonly cert: readonly string[]
  readonly key: readonly string[]
}

/**
 * Reads the certificates of a host: `DIRECTORY/HOST:PORT/*.crt` are CAs; `x.cert` with `x.key` is a client's
 * certificate (containers-certs.d(5), which is Docker's layout too). Each directory adds to those before it.
 *
 * @param directories those that aren't there hold nothing
 * @param host with its port, as in references
 * @throws RtError RT_INVALID_CONFIG for a certificate without its key, or a key without its certificate; RT_PERMISSION
 */
export function readCertificates(directories: readonly string[], host: string): Certificates {
  const ca: string[] = []
  const cert: string[] = []
  const key: string[] = []
  for (const directory of directories) {
    const folder = join(directory, host)
    const names = filesOf(folder)
    for (const name of names) {
      if (name.endsWith('.crt')) ca.push(read(join(folder, name)))
      const other = name.replace(/\.(cert|key)$/, (ending) => (ending === '.cert' ? '.key' : '.cert'))
      if (other === name) continue
      if (!names.includes(other)) {
        throw new RtError('RT_INVALID_CONFIG', `${JSON.stringify(join(folder, name))} needs ${other} beside it`, {
          hint: 'a CA is named *.crt, a certificate of this client *.cert, and its key *.key',
        })
      }
      if (name.endsWith('.cert')) {
        cert.push(read(join(folder, name)))
        key.push(read(join(folder, other)))
      }
    }
  }
  return { ca, cert, key }
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    // Most hosts have no folder; on Windows one can't even be named with a ":".
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL') return []
    throw unreadable(error)
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw unreadable(error)
  }
}

const unreadable = (cause: unknown): RtError => {
  const { code, message } = cause as NodeJS.ErrnoException
  const kind = code === 'EACCES' ? 'RT_PERMISSION' : 'RT_INVALID_CONFIG'
  return new RtError(kind, `cannot read certificates: ${message}`, { cause })
}
