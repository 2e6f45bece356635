import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../../../tooling/fixtures/index.js'

interface Pair {
  readonly key: string
  readonly cert: string
}

interface Made extends Pair {
  readonly client: Pair
  readonly ca: {
    readonly pem: string
    /** A folder like certs.d that has this CA for a host; more files of the host's as given. */
    readonly directoryFor: (host: string, more?: Readonly<Record<string, string>>) => string
  }
}

let made: Made | undefined

/** A CA of the tests' own, made by openssl once per run, with a certificate for 127.0.0.1 and localhost and one for a client. */
export function certificates(): Made {
  if (made) return made
  const folder = temporaryFolder('registry-ca')
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=tests')
  const issue = (name: string, extensions: string): Pair => {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    writeFileSync(join(folder, `${name}.ext`), extensions)
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`]
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed)
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) }
  }
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const pem = read('ca.pem')
  made = {
    ...issue('server', 'subjectAltName=IP:127.0.0.1,DNS:localhost\n'),
    client: issue('client', 'extendedKeyUsage=clientAuth\n'),
    ca: {
      pem,
      directoryFor: (host, more = {}) => {
        const directory = temporaryFolder('registry-certs')
        mkdirSync(join(directory, host))
        for (const [name, text] of Object.entries({ 'ca.crt': pem, ...more }))
          writeFileSync(join(directory, host, name), text)
        return directory
      },
    },
  }
  return made
}
