import type { Complaints } from '../arguments/complaints.js'
import type { Options, Values } from '../arguments/option.js'
import { type Parsed, parseArguments } from '../arguments/parse.js'
import { HELP, HelpWanted } from '../commands/command.js'
import { RUN_OPTIONS, type RunValues } from '../options/run.js'
import { quote } from '../values/quote.js'

/** The arguments of `rt explain run …`, `rt trace run …`, `rt compile run …`. */
export interface RunArguments<O extends Options> {
  /** The command's own options, wherever they stood. */
  readonly own: Values<O>
  readonly run: RunValues
  /** SOURCE and COMMAND. */
  readonly words: readonly string[]
}

/**
 * Read `run [OPTIONS] [SOURCE] [--] [COMMAND…]` behind another command's own options. Those may also stand among run's
 * (`rt explain run --json`), where the last one counts.
 *
 * @throws HelpWanted for `rt explain run --help`
 */
export function runArguments<O extends Options>(
  command: string,
  options: O,
  before: Parsed<O>,
  complaints: Complaints,
): RunArguments<O> {
  const [word, ...rest] = before.rest
  if (word !== 'run') {
    const got = word === undefined ? 'nothing' : quote(word)
    complaints.add(command, `expected the word "run" and its arguments, got ${got}`, `rt ${command} run --help`)
  }
  const parsed = parseArguments(word === 'run' ? rest : [], { ...options, ...RUN_OPTIONS, ...HELP }, complaints)
  if ((parsed.values as Values<typeof HELP>).help) throw new HelpWanted('run')
  if (complaints.unsure) complaints.throwIfAny(`${command} run`)
  const own: Record<string, unknown> = { ...before.values }
  for (const name in options) {
    if (parsed.origins.has(name)) own[name] = (parsed.values as Record<string, unknown>)[name]
  }
  return { own: own as Values<O>, run: parsed.values as unknown as RunValues, words: parsed.rest }
}
