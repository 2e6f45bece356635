import { type Complaint, quote, RLIMITS, type RlimitName } from '@rt/sys'
import { refuse } from '../../complaints.js'
import type { Rlimit, RlimitValue } from './rlimits.js'

/**
 * Docker's `--ulimit NAME=SOFT[:HARD]`: the name as ulimit has it (`nofile`, `nproc`, …), each value a number in the
 * resource's unit (bytes for sizes), or `unlimited` or `-1`. One value is both. A later entry of the same name replaces
 * an earlier one.
 *
 * @throws RtError RT_INVALID_OPTION with everything that is wrong
 */
export function parseUlimits(entries: readonly string[], path = '--ulimit'): Rlimit[] {
  const complaints: Complaint[] = []
  const limits = new Map<RlimitName, Rlimit>()
  for (const entry of entries) {
    const limit = parse(entry)
    if (typeof limit === 'string') complaints.push({ path, message: `${quote(entry)}: ${limit}` })
    else limits.set(limit.name, limit)
  }
  refuse('cannot set these resource limits', complaints)
  return [...limits.values()]
}

const NAMES = Object.keys(RLIMITS).map((name) => name.slice('RLIMIT_'.length).toLowerCase())

/** The limit, or what is wrong. */
function parse(entry: string): Rlimit | string {
  const [, word = '', first = '', second] = /^([^=]*)=([^:]*)(?::(.*))?$/s.exec(entry) ?? []
  if (word === '') return 'expected NAME=SOFT[:HARD]'
  const name = `RLIMIT_${word.toUpperCase()}`
  if (word !== word.toLowerCase() || !isRlimit(name)) return `no limit is named ${quote(word)}; ${NAMES.join(', ')}`
  const soft = parseValue(first)
  const hard = second === undefined ? soft : parseValue(second)
  if (soft === undefined) return `${quote(first)} is no limit: expected a whole number, "unlimited" or -1`
  if (hard === undefined) return `${quote(second ?? '')} is no limit: expected a whole number, "unlimited" or -1`
  if (hard !== 'unlimited' && (soft === 'unlimited' || BigInt(soft) > BigInt(hard))) {
    return `the soft limit ${soft} is above the hard limit ${hard}`
  }
  return { name, soft, hard }
}

const isRlimit = (name: string): name is RlimitName => Object.hasOwn(RLIMITS, name)

function parseValue(text: string): RlimitValue | undefined {
  if (text === '-1' || text === 'unlimited') return 'unlimited'
  if (!/^\d{1,20}$/.test(text)) return undefined
  const value = BigInt(text)
  // The largest 64-bit number is the kernel's word for "unlimited".
  if (value >= 2n ** 64n - 1n) return undefined
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}
