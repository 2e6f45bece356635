import type { MountInfo } from '@rt/mountns'
import { type ExplainedStep, explain, formatExplanation, type Plan } from '@rt/program'
import { wrap } from '../help/wrap.js'
import { translatedExplanation, translatedSteps } from './chinese.js'
import type { Finding } from './experiment.js'
import type { Language, Words } from './language.js'
import type { Observation } from './observe.js'

/** A mount as mount(8) prints it. */
export const mountLine = ({ source, mountPoint, type, options, superOptions }: MountInfo): string => {
  const words = [...options, ...superOptions.filter((word) => !options.includes(word) && word !== 'rw')]
  return `${source} on ${mountPoint} type ${type} (${words.join(',')})`
}

/** The calls of the frame and of the exec that make the difference; the others are in `rt explain`. */
const ESSENTIAL: Readonly<Record<string, RegExp>> = { 'set-up': /^clone3/, exec: /^execve/ }

const essential = ({ step, calls, ...rest }: ExplainedStep): ExplainedStep => {
  const pattern = ESSENTIAL[step]
  const made = calls.filter(({ kind }) => kind === 'call')
  return { ...rest, step, calls: pattern ? made.filter(({ call }) => pattern.test(call)).slice(0, 1) : made }
}

/** The calls of a plan, as `rt explain` prints them, but for what every container's frame does. */
export const callLines = (plan: Plan, language: Language): string => {
  const steps = translatedSteps(explain(plan).map(essential), language)
  return translatedExplanation(formatExplanation(steps), language)
}

const TABLES = {
  host: { en: 'Mounts on the host', zh: '宿主机的挂载' },
  inside: { en: 'Mounts in the container', zh: '容器内的挂载' },
  before: { en: 'before', zh: '之前' },
  during: { en: 'during', zh: '期间' },
  after: { en: 'after', zh: '之后' },
  same: { en: 'the same as on the host before', zh: '与宿主机之前相同' },
} as const satisfies Record<string, Words>

/** How the tables of both sides differ from the host's before. */
export function mountLines({ host, inside }: Observation, language: Language): string {
  const row = (label: string, table: readonly MountInfo[]): string => {
    const { added, removed } = compare(host.before, table)
    const lines = [...added.map((line) => `    + ${line}\n`), ...removed.map((line) => `    - ${line}\n`)]
    const shown = lines.length > LONGEST ? [...lines.slice(0, LONGEST), `    … ${lines.length - LONGEST}\n`] : lines
    return `  ${label}: ${table.length}${lines.length ? '' : ` (${TABLES.same[language]})`}\n${shown.join('')}`
  }
  return [
    `${TABLES.host[language]}\n`,
    `  ${TABLES.before[language]}: ${host.before.length}\n`,
    row(TABLES.during[language], host.during),
    row(TABLES.after[language], host.after),
    `${TABLES.inside[language]}\n`,
    row(TABLES.during[language], inside),
  ].join('')
}

const LONGEST = 12

/** By what mount(8) shows: ids differ between namespaces. */
function compare(before: readonly MountInfo[], after: readonly MountInfo[]): { added: string[]; removed: string[] } {
  const [old, fresh] = [before.map(mountLine), after.map(mountLine)]
  return { added: fresh.filter((line) => !old.includes(line)), removed: old.filter((line) => !fresh.includes(line)) }
}

/** Where every host has something mounted for good. */
const KEPT = ['/', '/dev', '/proc', '/sys'] as const

/**
 * Has the container left the host's mounts alone? Other programs mount and unmount things meanwhile, which is not its doing:
 * of what is new on the host only what is new in the container as well can have come from there. (A container that mounts
 * nothing can't have done it: what both have has come from the host.) And what every host keeps is still there.
 */
export function isUntouched({ host, inside, mounts }: Observation): boolean {
  const known = new Set(host.before.map(content))
  const own = new Set(mounts ? inside.map(content).filter((each) => !known.has(each)) : [])
  const leaked = host.during.some((mount) => own.has(content(mount)))
  const places = (table: readonly MountInfo[]) => new Set(table.map(({ mountPoint }) => mountPoint))
  const [before, during, after] = [places(host.before), places(host.during), places(host.after)]
  return !leaked && KEPT.every((place) => !before.has(place) || (during.has(place) && after.has(place)))
}

/** Which files a mount shows, wherever it is. */
const content = ({ device, root }: MountInfo): string => `${device} ${root}`

/**
 * Is the container's table a copy of the host's? All that the host had before and still has is in it. What another program
 * mounts or unmounts at that very moment, the copy has or has not.
 */
export function isCopy({ host, inside }: Observation): boolean {
  const lines = (table: readonly MountInfo[]) => new Set(table.map(mountLine))
  const [during, copy] = [lines(host.during), lines(inside)]
  return host.before.map(mountLine).every((line) => !during.has(line) || copy.has(line))
}

export const findingLine = ({ claim, holds }: Finding, language: Language): string =>
  `${holds ? 'ok   ' : 'FAIL '} ${claim[language]}\n`

export const paragraph = (words: Words, language: Language): string =>
  `\n${language === 'zh' ? words.zh : wrap(words.en)}\n`
