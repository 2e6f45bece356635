import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** A setting of the kernel's, and what it is to be. */
export interface Setting {
  readonly name: string
  readonly value: string
}

/** `net.ipv4.ip_forward=1` */
export function setting(text: string): Setting {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw invalid(`expected NAME=VALUE, got ${quote(text)}`)
  return { name, value }
}
