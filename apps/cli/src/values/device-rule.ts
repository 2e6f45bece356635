import type { DeviceRule } from '@rt/cgroups'
import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** `c 1:3 rwm`, `b 8:* r`, as Docker and cgroup v1's devices.allow have it. */
export function deviceRule(text: string): DeviceRule {
  const [, type, major = '*', minor = '*', access] = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text) ?? []
  if (type === undefined || access === undefined) {
    throw invalid(`expected TYPE MAJOR:MINOR ACCESS such as "c 1:3 rwm", got ${quote(text)}`)
  }
  const number = (word: string): number | undefined => (word === '*' ? undefined : Number(word))
  return { allow: true, type: type as DeviceRule['type'], major: number(major), minor: number(minor), access }
}
