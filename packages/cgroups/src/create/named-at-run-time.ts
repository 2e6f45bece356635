import { buffer, call, compute, type Instruction, MOMENTS, ref, type Step, type Value } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from '@rt/sys'

/** What stands in a path for the digits, as in mkdtemp(3). */
export const DIGITS_HERE = 'XXXXXXXX'

/** The kernel makes a new one for each reader; random(4). Its first eight characters are hexadecimal digits, and one word. */
const UUID = '/proc/sys/kernel/random/uuid'
const UUID_LENGTH = 36

/**
 * The same step with other digits for each run of the program, be it one executable that runs many times at once: its
 * paths lie in writable memory, and get their digits before anything else is done.
 */
export function namedAtRunTime(step: Step): Step {
  const texts = new Map<string, string>()
  const atRunTime = (value: Value): Value => {
    if (typeof value !== 'string' || !value.includes(DIGITS_HERE)) return value
    const at = texts.get(value) ?? `path ${texts.size}`
    texts.set(value, at)
    return { text: value, at }
  }
  const moments = Object.fromEntries(
    MOMENTS.flatMap((moment) => {
      const given = step[moment]
      if (!given) return []
      const instructions = given.map(
        (each): Instruction => (each.kind === 'call' ? { ...each, args: each.args.map(atRunTime) } : each),
      )
      return [[moment, instructions]]
    }),
  )
  return { ...step, ...moments, 'host.prepare': [...fill(texts), ...(moments['host.prepare'] ?? [])] }
}

const fill = (texts: ReadonlyMap<string, string>): Instruction[] => [
  call('openat', [AT_FDCWD, UUID, O_RDONLY | O_CLOEXEC], { save: 'uuid', of: UUID }),
  call('read', [ref('uuid'), buffer('digits', UUID_LENGTH + 4), UUID_LENGTH], { why: 'a name of this run’s own' }),
  call('close', [ref('uuid')]),
  ...[...texts].map(([text, at]) =>
    compute(`${at}+${Buffer.byteLength(text.slice(0, text.lastIndexOf(DIGITS_HERE)))}`, ref('digits', 0)),
  ),
]
