import { closeSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { defaultRootDir, makeRootDir } from '@rt/rootfs'
import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { writeDurably } from './durable-file.js'
import { type Places, placesIn } from './places.js'

export interface StoreOptions {
  /** Absolute. Default: /var/lib/rt for root, else $XDG_DATA_HOME/rt. The store is its `images`. */
  readonly rootDir?: string
}

const OPTIONS: OptionKeys<StoreOptions> = { rootDir: true }

/** A store of images: an OCI layout, and beside its files what only rt needs. */
export interface ImageStore {
  readonly rootDir: string
  /** The layout's directory: `skopeo`, `umoci` and `podman` take it as `oci:LAYOUT:NAME`. */
  readonly layout: string
}

/** The places of a store, for the functions of this package. */
const PLACES = new WeakMap<ImageStore, Places>()

export const placesOf = (store: ImageStore): Places => {
  const places = PLACES.get(store)
  if (places) return places
  throw new RtError('RT_INVALID_OPTION', 'expected a store, as openStore answers with')
}

/**
 * Opens the store of images, made if it is missing.
 *
 * @throws RtError RT_UNSUPPORTED for a layout of another version; RT_UNSAFE, RT_WRONG_TYPE, RT_PERMISSION for a place that
 *   others could change, or that can't be made
 */
export function openStore(options: StoreOptions = {}): ImageStore {
  refuseUnknownOptions('openStore', options, OPTIONS)
  const places = placesIn(resolve(options.rootDir ?? defaultRootDir()))
  // Whoever could write here could have rt run what he likes: the way to it is checked at each opening.
  closeSync(makeRootDir(places.rootDir, 'images', '.rt'))
  for (const directory of [places.blobs, join(places.blobs, 'sha256'), places.ingest, places.leases]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  }
  checkVersion(places)
  const store = { rootDir: places.rootDir, layout: places.layout }
  PLACES.set(store, places)
  return store
}

const VERSION = '1.0.0'

/** image-spec "image-layout.md", oci-layout. */
function checkVersion({ layout }: Places): void {
  const path = join(layout, 'oci-layout')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    writeDurably(path, `${JSON.stringify({ imageLayoutVersion: VERSION })}\n`, 0o644)
    return
  }
  const [, version] = /"imageLayoutVersion"\s*:\s*"([^"]*)"/.exec(text) ?? []
  if (version?.startsWith('1.')) return
  throw new RtError(
    'RT_UNSUPPORTED',
    `the store ${JSON.stringify(layout)} is of another version: ${version === undefined ? 'its oci-layout names none' : version}`,
    { origin: 'rootDir', hint: `this rt reads and writes ${VERSION}; --root-dir names another place` },
  )
}
