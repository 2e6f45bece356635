import { type Complaint, RtError } from '@rt/sys'

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is wrong with a document, to tell all of it at once. */
export class Complaints {
  readonly list: Complaint[] = []

  constructor(readonly what: string) {}

  add(path: string, message: string): void {
    this.list.push({ path, message })
  }

  /** An array; of what is none, an empty one and a complaint. */
  array(value: unknown, path: string): readonly unknown[] {
    if (Array.isArray(value)) return value
    this.add(path, `expected an array, got ${shown(value)}`)
    return []
  }

  /** @throws RtError RT_ARCHIVE with all complaints, if there are any */
  throwIfAny(): void {
    if (this.list.length > 0) throw new RtError('RT_ARCHIVE', `${this.what} is not valid`, { complaints: this.list })
  }
}

/** A value in a complaint: its JSON, cut. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/**
 * A document that must be a JSON object.
 *
 * @throws RtError RT_ARCHIVE
 */
export function parseObject(bytes: Uint8Array, what: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new RtError('RT_ARCHIVE', `${what} is no JSON: ${(cause as Error).message}`, { cause })
  }
  if (!isObject(value)) throw new RtError('RT_ARCHIVE', `${what}: expected a JSON object`)
  return value
}
