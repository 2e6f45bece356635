import { RtError } from '@rt/sys'
import { pullScope } from '../auth/scope.js'
import type { Patience } from '../http/patience.js'
import { type Answer, header } from '../http/redirects.js'
import type { Repository } from '../repository/repository.js'
import { MAX_DOCUMENT } from './fetch-document.js'

/** More pages than any list has; a registry that always has one more is broken, or wants to keep us. */
const MAX_PAGES = 10_000

/** A list that comes in pages. */
export interface PageRequest {
  /** Of the first page, below `/v2/REPOSITORY/`. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  /** Statuses besides 200 that end the list without an error; they are yielded. */
  readonly alsoExpect?: readonly number[]
  readonly what: string
}

/**
 * Fetches page after page, each as its Link header names the next (distribution-spec, "Listing Tags"; RFC 8288).
 *
 * @throws RtError RT_LIMIT for pages without end; RT_UNSAFE for a page on another host
 */
export async function* pages(
  repository: Repository,
  { target, headers, alsoExpect = [], what }: PageRequest,
  patience: () => Patience,
): AsyncGenerator<{ readonly answer: Answer; readonly bytes: Buffer }> {
  const seen = new Set<string>()
  let next: URL | undefined = repository.url(target)
  while (next) {
    if (seen.has(next.href)) throw endless(what, 'its pages lead back to one that was there')
    if (seen.size === MAX_PAGES) throw endless(what, `it has more than ${MAX_PAGES} pages`)
    seen.add(next.href)
    const request = {
      method: 'GET',
      target: next,
      ...(headers ? { headers } : {}),
      expect: [200, ...alsoExpect],
      scopes: [pullScope(repository.name)],
      patience: patience(),
      what,
    } as const
    const page = await repository.fetch(request, MAX_DOCUMENT)
    yield page
    next = nextPage(page.answer, repository, what)
  }
}

const endless = (what: string, why: string): RtError =>
  new RtError('RT_LIMIT', `${what} doesn't end: ${why}`, { hint: 'the registry, or a proxy before it, is broken' })

/** The target of `<URL>; rel="next"`, relative to the page it stands on. */
function nextPage(answer: Answer, { base }: Repository, what: string): URL | undefined {
  const link = /<([^>]*)>\s*;(?:[^,"]|"[^"]*")*\brel\s*=\s*"?next\b/i.exec(header(answer, 'link') ?? '')?.[1]
  if (link === undefined) return undefined
  const url = URL.canParse(link, answer.url.href) ? new URL(link, answer.url) : undefined
  if (url && url.origin === base.origin) return url
  throw new RtError(
    'RT_UNSAFE',
    `${what}: the next page is said to be at ${JSON.stringify(link.slice(0, 200))}, another host`,
    {
      hint: 'a registry behind a proxy must be told its outer name',
    },
  )
}
