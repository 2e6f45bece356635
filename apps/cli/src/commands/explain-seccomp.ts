import { resolveCapabilities } from '@rt/chroot'
import { DEFAULT_PROFILE, judge, parseProfile } from '@rt/seccomp'
import type { Arch } from '@rt/sys'
import { type Complaints, invalid } from '../arguments/complaints.js'
import { flag, type Values } from '../arguments/option.js'
import { parseArguments } from '../arguments/parse.js'
import { EXIT } from '../exit-codes.js'
import { SECCOMP_OPTIONS } from '../options/explain-seccomp.js'
import { print, printJson } from '../output.js'
import { readProfile } from '../plan/seccomp-step.js'
import { quote } from '../values/quote.js'
import { HELP, HelpWanted } from './command.js'

const OUTPUT = { json: flag({ help: 'print it as JSON' }) }
const MOST_ARGUMENTS = 6

/**
 * `rt explain seccomp NAME [ARG...]`: which rule of a profile a system call meets.
 *
 * @param before options that stood before the word "seccomp"
 */
export function explainSeccomp(
  words: readonly string[],
  before: Values<typeof SECCOMP_OPTIONS> & { readonly json: boolean | undefined; readonly arch: Arch | undefined },
  complaints: Complaints,
): number {
  const parsed = parseArguments(words, { ...SECCOMP_OPTIONS, ...OUTPUT, ...HELP }, complaints)
  if (parsed.values.help) throw new HelpWanted('explain')
  const { values } = parsed
  const [typed, ...args] = parsed.rest
  if (typed === undefined) complaints.add('NAME', 'is missing: the name of a system call')
  if (args.length > MOST_ARGUMENTS) complaints.add('ARG', `a system call has at most ${MOST_ARGUMENTS} arguments`)
  const numbers = args.map((text) => complaints.try('ARG', () => argument(text)))
  const file = values.profile ?? before.profile
  const { name, profile, capabilities } = complaints.settled('explain', {
    name: typed,
    profile: complaints.try('--profile', () =>
      file === undefined ? DEFAULT_PROFILE : parseProfile(readProfile(file, '--profile'), '--profile'),
    ),
    capabilities: complaints.try('--cap-add', () =>
      resolveCapabilities({
        add: [...before['cap-add'], ...values['cap-add']],
        drop: [...before['cap-drop'], ...values['cap-drop']],
      }),
    ),
  })
  const call = { name, args: numbers.map((each) => each ?? 0n), abi: values.abi ?? before.abi }
  const { judgement } = complaints.settled('explain', {
    judgement: complaints.try('NAME', () => judge(profile, call, { capabilities, arch: before.arch })),
  })
  if (values.json ?? before.json) {
    printJson({ call: name, args, ...judgement })
  } else {
    const where = call.abi === undefined ? '' : ` on ${call.abi}`
    print(`${name}(${args.join(', ')})${where}: ${judgement.verdict}\n`)
    for (const reason of judgement.reasons) print(`  ${reason}\n`)
  }
  return EXIT.ok
}

function argument(text: string): bigint {
  const [, sign, digits] = /^(-?)(\d+|0x[0-9a-f]+)$/i.exec(text) ?? []
  const value = digits === undefined ? undefined : sign === '-' ? -BigInt(digits) : BigInt(digits)
  if (value === undefined || value < -(2n ** 63n) || value >= 2n ** 64n) {
    throw invalid(`expected a number of 64 bits, decimal or 0x…, got ${quote(text)}`)
  }
  return BigInt.asUintN(64, value)
}
