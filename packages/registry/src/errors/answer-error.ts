import { escaped, type RtErrorCode } from '@rt/sys'
import { readBody } from '../http/body.js'
import type { Answer } from '../http/redirects.js'
import { type RegistryComplaint, RegistryError, showUrl } from './registry-error.js'

/** More of an error page nobody reads. */
const MAX_ERROR_BODY = 64 * 1024

/** What an answer of this status means for who has to decide. */
function kindOf(status: number): RtErrorCode {
  if (status === 401 || status === 403) return 'RT_PERMISSION'
  if (status === 404) return 'RT_NOT_FOUND'
  return 'RT_REGISTRY'
}

function hintFor(status: number, url: URL): string | undefined {
  if (status === 401)
    return `log in to ${url.host} (docker login, podman login), or check the name: many registries say this of what isn't there`
  if (status === 403) return 'these credentials may not do that'
  if (status === 429) return `${url.host} allows no more requests for now; logged in it may allow more`
  return undefined
}

/**
 * The error that a registry answers with, its body read (distribution-spec, "Error codes").
 *
 * @param what was asked for, for the message: `manifest localhost:5000/app:v1`
 */
export async function answerError(method: string, answer: Answer, what: string): Promise<RegistryError> {
  const { status, url } = answer
  const registryErrors = await complaintsIn(answer)
  const said = registryErrors.map(({ code, message }) => escaped(message === '' ? code : `${code}: ${message}`))
  const hint = hintFor(status, url)
  return new RegistryError({
    code: kindOf(status),
    message: `${what}: ${method} ${showUrl(url)} answered ${status}${said.length > 0 ? ` (${said.join('; ')})` : ''}`,
    method,
    url,
    status,
    registryErrors,
    ...(hint === undefined ? {} : { hint }),
  })
}

async function complaintsIn({ body }: Answer): Promise<RegistryComplaint[]> {
  let text: string
  try {
    text = (await readBody(body, MAX_ERROR_BODY, 'error')).toString('utf8')
  } catch {
    // The status is the error to tell; that its explanation is too long or broke off would hide it.
    return []
  }
  return parseComplaints(text)
}

/** The `errors` of an error body; of a body that is something else, a page of a proxy say, none. */
export function parseComplaints(text: string): RegistryComplaint[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return []
  }
  const { errors } = (document ?? {}) as { errors?: unknown }
  if (!Array.isArray(errors)) return []
  return errors.slice(0, 10).flatMap((entry: unknown) => {
    const { code, message } = (entry ?? {}) as Record<string, unknown>
    if (typeof code !== 'string') return []
    return [{ code: code.slice(0, 100), message: typeof message === 'string' ? message.slice(0, 500) : '' }]
  })
}
