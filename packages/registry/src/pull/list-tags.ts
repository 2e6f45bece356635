import type { RegistryClient } from '../client.js'
import { Complaints, parseObject, shown } from '../documents/complaints.js'
import type { Reference } from '../reference/reference.js'
import { pages } from './pages.js'

export interface ListTagsOptions {
  /** Tags per page; the registry may give fewer. Default: as it likes. */
  readonly pageSize?: number
  readonly signal?: AbortSignal
}

/**
 * The tags of a repository, page by page as they are asked for (distribution-spec, "Listing Tags"): stop when enough came.
 * Mirrors are not asked; they need not know all.
 *
 * @param name a repository; a tag or digest in it doesn't matter
 * @throws RtError RT_NOT_FOUND; RT_ARCHIVE for a page that is none; RT_LIMIT for pages without end; RegistryError
 */
export async function* listTags(
  client: RegistryClient,
  name: string | Reference,
  options: ListTagsOptions = {},
): AsyncGenerator<string> {
  const { pageSize, signal } = options
  const repository = await client.pushTarget(client.theMeaning(name))
  const what = `tags of ${repository.place}`
  const target = pageSize === undefined ? 'tags/list' : `tags/list?n=${encodeURIComponent(pageSize)}`
  for await (const { bytes } of pages(repository, { target, what }, () => client.patience(signal))) {
    const { tags } = parseObject(bytes, what)
    const complaints = new Complaints(what)
    // Go's empty list is null.
    const list = tags === null ? [] : complaints.array(tags, 'tags')
    for (const [at, tag] of list.entries()) {
      if (typeof tag !== 'string') complaints.add(`tags[${at}]`, `expected a string, got ${shown(tag)}`)
    }
    complaints.throwIfAny()
    yield* list as string[]
  }
}
