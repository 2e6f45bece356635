import { type ImageInfo, type ImageStore, listImages, pulledDigestOf, repositoryOf } from '@rt/image'
import { age, humanSize } from '../format/cells.js'
import type { Filter } from '../format/filter.js'
import type { Row } from '../format/rows.js'
import { familiar } from './names.js'
import { short } from './pull-shown.js'

/** Docker's fields of a listed image, with the heads of their columns. */
export const IMAGE_TITLES: Row = {
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  ID: 'IMAGE ID',
  Digest: 'DIGEST',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
}

export interface Listing {
  /** Digests whole. */
  readonly noTrunc: boolean
  readonly filter: Filter
  /** A repository, with a tag or without; `*` stands for anything but a slash. */
  readonly pattern: string | undefined
}

/** The keys that `--filter` knows for images. */
export const IMAGE_FILTERS = ['before', 'dangling', 'label', 'reference', 'since'] as const

const NONE = '<none>'

/** Images as `rt image ls` shows them, the newest first. */
export function listedImages(
  store: ImageStore,
  { noTrunc, filter, pattern }: Listing,
): { rows: Row[]; images: ImageInfo[] } {
  const { images } = listImages(store)
  const found = images
    .filter((image) => matches(image, filter, images))
    .filter(({ name }) => pattern === undefined || isLike(name, pattern))
    .sort((a, b) => (b.created ?? '').localeCompare(a.created ?? ''))
  return { images: found, rows: found.map((image) => rowOf(image, noTrunc)) }
}

function rowOf(image: ImageInfo, noTrunc: boolean): Row {
  const { name, created } = image
  const tag = /:([^:/@]*)$/.exec(name ?? '')?.[1]
  const repository = repositoryOf(name)
  const time = created === undefined ? undefined : new Date(created)
  return {
    Repository: repository === undefined ? NONE : familiar(repository),
    Tag: name?.includes('@') || tag === undefined ? NONE : tag,
    ID: noTrunc ? image.id : short(image.id),
    Digest: pulledDigestOf(image.entry) ?? image.digest,
    CreatedSince: time === undefined || Number.isNaN(time.getTime()) ? 'N/A' : age(time),
    CreatedAt: created ?? 'N/A',
    Size: humanSize(image.size),
  }
}

function matches(image: ImageInfo, filter: Filter, all: readonly ImageInfo[]): boolean {
  const time = (text: string) => all.find(({ id, name }) => id.includes(text) || isLike(name, text))?.created ?? ''
  return (
    filter.some('dangling', (value) => (image.name === undefined) === (value === 'true' || value === '1')) &&
    filter.every('label', (value) => hasLabel(image, value)) &&
    filter.some('reference', (value) => isLike(image.name, value)) &&
    filter.some('before', (value) => (image.created ?? '') < time(value)) &&
    filter.some('since', (value) => (image.created ?? '') > time(value))
  )
}

function hasLabel({ labels }: ImageInfo, wanted: string): boolean {
  const [key = '', ...value] = wanted.split('=')
  return Object.hasOwn(labels, key) && (value.length === 0 || labels[key] === value.join('='))
}

/** Whether a name is `debian`, `debian:12`, `*ian:*`, in its short form or whole. */
function isLike(name: string | undefined, pattern: string): boolean {
  if (name === undefined) return false
  const wanted = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
  )
  return [name, familiar(name)].flatMap((each) => [each, repositoryOf(each) ?? '']).some((each) => wanted.test(each))
}
