import { type OptionKeys, RtError, refuseUnknownOptions } from '@rt/sys'
import { Complaints, parseObject, shown } from '../documents/complaints.js'
import type { Reference } from '../reference/reference.js'
import { type RegistryClient, sessionOf } from '../session/client.js'
import type { Session } from '../session/session.js'
import { pages } from './pages.js'

export interface ListTagsOptions {
  /** Tags per page; the registry may give fewer. Default: as it likes. */
  readonly pageSize?: number
  readonly signal?: AbortSignal
}

const OPTIONS: OptionKeys<ListTagsOptions> = { pageSize: true, signal: true }

/**
 * The tags of a repository, page by page as they are asked for (distribution-spec, "Listing Tags"): stop when enough came.
 * Mirrors are not asked; they need not know all.
 *
 * @param name a repository; a tag or digest in it doesn't matter
 * @throws RtError RT_NOT_FOUND; RT_ARCHIVE for a page that is none; RT_LIMIT for pages without end; RegistryError
 */
export function listTags(
  client: RegistryClient,
  name: string | Reference,
  options: ListTagsOptions = {},
): AsyncGenerator<string> {
  refuseUnknownOptions('listTags', options, OPTIONS)
  const { pageSize } = options
  if (pageSize !== undefined && !(Number.isSafeInteger(pageSize) && pageSize > 0)) {
    throw new RtError('RT_INVALID_OPTION', `pageSize is a number of tags, got ${String(pageSize)}`)
  }
  return tagsOf(sessionOf(client), name, options)
}

async function* tagsOf(
  session: Session,
  name: string | Reference,
  { pageSize, signal }: ListTagsOptions,
): AsyncGenerator<string> {
  const repository = await session.pushTarget(session.theMeaning(name))
  const what = `tags of ${repository.place}`
  const target = pageSize === undefined ? 'tags/list' : `tags/list?n=${pageSize}`
  for await (const { bytes } of pages(repository, { target, what }, () => session.patience(signal))) {
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
