import {
  CAPABILITIES,
  type CapabilityName,
  type Complaint,
  capabilityName,
  capabilityNumber,
  nearest,
  type OptionKeys,
  quote,
  refuseUnknownOptions,
} from '@rt/sys'
import { refuse } from '../../complaints.js'
import { DEFAULT_CAPABILITIES } from './default-capabilities.js'

/** `--cap-add`, `--cap-drop` and what they start from. */
export interface CapabilityChanges {
  /** Names, with or without `CAP_`, in any case; `ALL`. */
  readonly add?: readonly string[]
  readonly drop?: readonly string[]
  /** Default: {@link DEFAULT_CAPABILITIES}. */
  readonly from?: readonly CapabilityName[]
}

const ALL = 'ALL'
const EVERY = Object.keys(CAPABILITIES) as readonly CapabilityName[]

const OPTIONS: OptionKeys<CapabilityChanges> = { add: true, drop: true, from: true }

/**
 * Docker's arithmetic of `--cap-add` and `--cap-drop`:
 *
 *     add ALL, drop X     everything but X
 *     drop ALL, add X     nothing but X
 *     drop X, add Y       the default without X, with Y (a name in both lists is added)
 *
 * `ALL` is every capability this package knows, which a host may not have: see `availableCapabilities`.
 *
 * @returns names in the kernel's order
 * @throws RtError RT_INVALID_OPTION naming every unknown capability, and for `ALL` in both lists
 */
export function resolveCapabilities(changes: CapabilityChanges): CapabilityName[] {
  refuseUnknownOptions('resolveCapabilities', changes, OPTIONS)
  const complaints: Complaint[] = []
  const add = parse(changes.add ?? [], '--cap-add', complaints)
  const drop = parse(changes.drop ?? [], '--cap-drop', complaints)
  if (add.has(ALL) && drop.has(ALL)) {
    complaints.push({ path: '--cap-drop', message: 'ALL is in --cap-add too: everything and nothing' })
  }
  refuse('cannot use these capabilities', complaints)
  if (add.has(ALL)) return EVERY.filter((name) => !drop.has(name))
  const from: ReadonlySet<string> = new Set(drop.has(ALL) ? [] : (changes.from ?? DEFAULT_CAPABILITIES))
  return EVERY.filter((name) => add.has(name) || (from.has(name) && !drop.has(name)))
}

function parse(names: readonly string[], path: string, complaints: Complaint[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const name of names) {
    const number = capabilityNumber(name)
    const known = number === undefined ? undefined : capabilityName(number)
    if (name.toUpperCase() === ALL) found.add(ALL)
    else if (known !== undefined) found.add(known)
    else complaints.push({ path, message: `no capability is named ${quote(name)}${suggestion(name)}` })
  }
  return found
}

/** The name that it was most likely meant to be, if one is near. */
function suggestion(name: string): string {
  const short = EVERY.map((known) => known.slice('CAP_'.length))
  const near = nearest(name.toUpperCase().replace(/^CAP_/, ''), short)
  return near === undefined ? '' : `; did you mean ${near}?`
}
