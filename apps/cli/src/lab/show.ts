import { diffMountinfo, type MountInfo } from '@rt/mountns'
import { type ExplainedStep, explain, formatExplanation, type Plan } from '@rt/program'
import { wrap } from '../help/wrap.js'
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
export const callLines = (plan: Plan): string => formatExplanation(explain(plan).map(essential))

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

/** Did the table of one namespace stay as it was? */
export const isUnchanged = (before: readonly MountInfo[], after: readonly MountInfo[]): boolean => {
  const { added, removed, changed } = diffMountinfo(before, after)
  return added.length + removed.length + changed.length === 0
}

export const findingLine = ({ claim, holds }: Finding, language: Language): string =>
  `${holds ? 'ok   ' : 'FAIL '} ${claim[language]}\n`

export const paragraph = (words: Words, language: Language): string =>
  `\n${language === 'zh' ? words.zh : wrap(words.en)}\n`
