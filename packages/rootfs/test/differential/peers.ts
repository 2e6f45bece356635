import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../../../tooling/fixtures/temporary-folder.js'
import { GnuTar } from './gnu-tar.js'
import { LineProcess } from './line-process.js'
import type { Listings, PeerListing, SomeListings } from './peer-listing.js'

const program = (name: string): string => fileURLToPath(new URL(`peers/${name}`, import.meta.url))

/** Builds our Go program; its standard library is all it needs. @returns its path */
function buildGo(folder: string): string {
  const output = join(folder, 'list-go')
  const env = {
    ...process.env,
    GOFLAGS: '-mod=mod',
    GOTOOLCHAIN: 'local',
    GOPROXY: 'off',
    GO111MODULE: 'off',
    CGO_ENABLED: '0',
    GOCACHE: join(folder, 'go-cache'),
  }
  execFileSync('go', ['build', '-o', output, program('list.go')], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  return output
}

/** The four readers, each a process that stays. */
export class Peers {
  readonly #folder = temporaryFolder('peers')
  readonly #gnu = new GnuTar()
  readonly #python = new LineProcess('python3', [program('list.py')])
  readonly #go = new LineProcess(buildGo(this.#folder), [])

  /**
   * What each makes of an archive.
   *
   * @param isEnough whether those that need no start of a program have settled it
   * @returns undefined if so
   */
  async list(
    archive: Uint8Array,
    isEnough: (some: SomeListings) => boolean = () => false,
  ): Promise<Listings | undefined> {
    const path = join(this.#folder, 'archive.tar')
    writeFileSync(path, archive)
    const [python, go] = await Promise.all([this.#python.ask(path), this.#go.ask(path)])
    const some: SomeListings = {
      ...(JSON.parse(python) as Record<'python' | 'libarchive', PeerListing>),
      go: JSON.parse(go) as PeerListing,
    }
    return isEnough(some) ? undefined : { ...some, gnu: await this.#gnu.list(path) }
  }

  async close(): Promise<void> {
    await Promise.all([this.#gnu.close(), this.#python.close(), this.#go.close()])
  }
}
