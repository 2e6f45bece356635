import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** A domain of resolv.conf(5)'s `search`; `.` stands for none at all, as with Docker. */
export function searchDomain(text: string): string {
  if (/^[A-Za-z0-9_.-]{1,253}$/.test(text)) return text
  throw invalid(`expected a domain such as example.org, or ".", got ${quote(text)}`)
}

/** One word of its `options`. */
export function resolverOption(text: string): string {
  if (/^[A-Za-z0-9-]+(:\d+)?$/.test(text)) return text
  throw invalid(`expected an option such as ndots:2, got ${quote(text)}`)
}
