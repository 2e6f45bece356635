import { statSync } from 'node:fs'
import {
  type ComingImage,
  findById,
  findImage,
  holdInStore,
  type ImageInfo,
  type ImageStore,
  type Lease,
  loadDirectory,
  openStore,
} from '@rt/image'
import type { RegistryClient } from '@rt/registry'
import { type PrepareOptions, prepare, type RootFilesystem, type Source } from '@rt/rootfs'
import { RtError } from '@rt/sys'
import type { Values } from '../arguments/option.js'
import type { registryOptions } from '../options/registry.js'
import type { ImageInArchive, ImageNamed } from '../plan/source.js'
import { SILENT } from '../progress/showing.js'
import { linesOn } from '../progress/showing-for.js'
import { registryClient } from './client.js'
import { loadFrom } from './load-from.js'
import { familiar, wholeNames } from './names.js'
import { pullShown } from './pull-shown.js'

const STDERR = 2

export interface ImageRequest extends PrepareOptions {
  /** When a registry is asked: Docker's `--pull`. Default: missing. */
  readonly pull?: 'always' | 'missing' | 'never' | undefined
  /** Don't say what is pulled. */
  readonly quiet?: boolean | undefined
  readonly registry?: Values<typeof registryOptions> | undefined
}

/** A root that layers are made of, and what keeps them where they are. */
export interface HeldRoot {
  readonly root: RootFilesystem
  /** To be held until the container is gone. */
  readonly lease: Lease
}

/**
 * The root that an image or an archive is. An image by name comes from the store, or into it from a registry.
 *
 * @throws RtError RT_NOT_FOUND, saying what was looked for; what `pull` and `prepare` throw
 */
export async function rootOfImage(
  source: Source | ImageNamed | ImageInArchive,
  request: ImageRequest,
): Promise<HeldRoot> {
  const { pull, quiet, registry, ...preparing } = request
  const store = openStore(preparing.rootDir === undefined ? {} : { rootDir: preparing.rootDir })
  const lease = holdInStore(store)
  const preparation: PrepareOptions = { ...preparing, onLayers: (ids) => lease.holdLayers(ids) }
  try {
    const root =
      source.kind === 'image'
        ? await rootNamed(store, lease, source, request, preparation)
        : await prepare(
            source.kind === 'archive' ? await imageInArchive(store, lease, source, request) : source,
            preparation,
          )
    return { root, lease }
  } catch (error) {
    lease.close()
    throw error
  }
}

async function rootNamed(
  store: ImageStore,
  lease: Lease,
  { name }: ImageNamed,
  request: ImageRequest,
  preparation: PrepareOptions,
): Promise<RootFilesystem> {
  const { pull = 'missing', platform, signal, quiet } = request
  using client = registryClient(request.registry ?? NO_OPTIONS)
  const image = pull === 'always' ? undefined : stored(store, lease, client, name, request)
  if (image) return prepare(sourceOf(store, image), preparation)
  if (pull === 'never') throw notThere(store, client, name)
  const showing = quiet ? SILENT : linesOn(STDERR)
  if (pull === 'missing') showing.line(`Unable to find image '${shownName(client, name)}' locally`)
  // Layers are unpacked, or indexed, as they come. How far that is shows in how far they are.
  let early: Promise<RootFilesystem | undefined> | undefined
  const onImage = ({ digest, mediaType, size, coming }: ComingImage) => {
    const { onProgress, ...silent } = preparation
    const source = { ...sourceOf(store, { digest }), manifest: { mediaType, size } }
    // What the download fails with the pull throws; what else it is, the second attempt tells.
    early = prepare(source, { ...silent, coming }).catch(() => undefined)
  }
  try {
    const pulled = await pullShown({ store, client, name, platform, signal, lease, showing, onImage })
    return (await early) ?? (await prepare(sourceOf(store, pulled.image), preparation))
  } catch (error) {
    // Nothing of it is left to go on by itself.
    ;(await early)?.dispose()
    throw error
  }
}

async function imageInArchive(
  store: ImageStore,
  lease: Lease,
  { path, name }: ImageInArchive,
  { signal, registry }: ImageRequest,
): Promise<Source & { kind: 'oci' }> {
  using client = registryClient(registry ?? NO_OPTIONS)
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory()
  const loaded = isDirectory
    ? [await loadDirectory(store, path, signal ? { signal } : {}, lease)]
    : await loadFrom(store, client, path, signal, lease)
  const whole = name === undefined ? undefined : wholeNames(client, name)
  const meant = loaded.filter(({ names }) => whole === undefined || names.some((each) => whole.includes(each)))
  const [found, ...more] = meant
  if (found && more.length === 0) return sourceOf(store, found.image)
  const there = loaded.flatMap(({ names }) => names.map(familiar)).join(', ')
  const hint = there === '' ? 'its images have no names' : `it has: ${there}`
  if (found) {
    const message = `${JSON.stringify(path)} holds more than one image: say which, as FILE:NAME`
    throw new RtError('RT_INVALID_OPTION', message, { origin: 'SOURCE', hint })
  }
  throw new RtError('RT_NOT_FOUND', `${JSON.stringify(path)} holds no image ${name}`, { origin: 'SOURCE', hint })
}

const NO_OPTIONS = { 'tls-verify': undefined, authfile: undefined }

function sourceOf({ layout }: ImageStore, { digest }: Pick<ImageInfo, 'digest'>): Source & { kind: 'oci' } {
  const [algorithm, hex] = digest.split(':') as ['sha256', string]
  return { kind: 'oci', path: layout, digest: { algorithm, hex } }
}

/** What the store has, held before it is looked at closely. */
function stored(
  store: ImageStore,
  lease: Lease,
  client: RegistryClient,
  name: string,
  { platform }: ImageRequest,
): ImageInfo | undefined {
  const look = () => findImage(store, wholeNames(client, name)) ?? findById(store, name)[0]
  const found = look()
  if (!found) return undefined
  lease.holdBlobs([found.digest])
  // It may have gone between the look and the hold.
  const image = look()
  if (!image || image.digest !== found.digest) return undefined
  const suits =
    !platform || (image.platform.os === platform.os && image.platform.architecture === platform.architecture)
  return suits ? image : undefined
}

const shownName = (client: RegistryClient, name: string): string => familiar(wholeNames(client, name)[0] as string)

function notThere(store: ImageStore, client: RegistryClient, name: string): RtError {
  return new RtError('RT_NOT_FOUND', `no image ${shownName(client, name)} in ${store.layout}, and --pull is never`, {
    origin: 'SOURCE',
    hint: `rt pull ${name}`,
  })
}
