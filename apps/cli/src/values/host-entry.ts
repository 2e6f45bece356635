import { isIP } from 'node:net'
import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** A line of /etc/hosts. */
export interface HostEntry {
  readonly address: string
  readonly name: string
}

/** `name:address` or `name=address`; an IPv6 address may stand in brackets. */
export function hostEntry(text: string): HostEntry {
  const [, name = '', address = ''] = /^([^:=\s]+)[:=]\[?([^\]]*)\]?$/.exec(text) ?? []
  if (name === '' || isIP(address) === 0) {
    throw invalid(
      `expected NAME:ADDRESS such as db:10.0.0.5, got ${quote(text)}`,
      address === 'host-gateway' ? 'host-gateway needs a network bridge, which rt has not yet' : undefined,
    )
  }
  return { address, name }
}

/** An IP address. */
export function ipAddress(text: string): string {
  if (isIP(text) === 0) throw invalid(`expected an IP address, got ${quote(text)}`)
  return text
}
