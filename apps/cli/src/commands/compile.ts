import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { compile } from '@rt/program'
import { RtError, textBytes } from '@rt/sys'
import { one } from '../arguments/option.js'
import { supervision } from '../attach/supervision.js'
import { EXIT } from '../exit-codes.js'
import type { RunValues } from '../options/run.js'
import { runArguments } from '../plan/run-arguments.js'
import { prepareWithBar } from '../progress/prepare-with-bar.js'
import { warnAbout } from '../progress/warn.js'
import { oneOf } from '../values/name.js'
import { quote } from '../values/quote.js'
import { defineCommand } from './command.js'

const OPTIONS = {
  output: one({ short: 'o', value: 'FILE', bytes: true, complete: 'file', help: 'the executable to write' }),
  arch: one({
    value: 'x64|arm64',
    parse: oneOf('x64', 'arm64'),
    complete: ['x64', 'arm64'],
    help: 'for this processor',
  }),
}

/** `rt compile run … -o FILE` */
export const command = defineCommand({
  name: 'compile',
  usage: '[OPTIONS] run [RUN OPTIONS] [SOURCE] [--] [COMMAND [ARG...]] -o FILE',
  description: [
    'Write a static executable of some 190 KiB that starts the container by itself, without Node.js: the system calls of ' +
      'rt explain, a machine of fewer than 300 bytes that makes them, and, most of it, the words for what may fail. Paths ' +
      'and limits are those of this host.',
    'The file holds the values of --env and --env-file; with these only its owner may read and run it.',
    '-o FILE may also stand at the very end. (If it stands before, a -o at the end belongs to COMMAND.)',
  ],
  examples: [['rt compile run ./busybox-root /bin/true -o t && ./t', 'write it, and run it']],
  groups: [],
  options: OPTIONS,
  complete: ['run'],
  async run(parsed, complaints) {
    const { own, run, words: given } = runArguments('compile', OPTIONS, parsed, complaints)
    const { file, words } = own.output === undefined ? trailingOutput(given) : { file: own.output, words: given }
    if (file === undefined) complaints.add('--output', 'is missing: -o FILE')
    const mode = { interactive: run.interactive ?? false, tty: run.tty ?? false }
    const prepared = await prepareWithBar({
      values: run,
      words,
      mode,
      complaints,
      arch: own.arch,
      defaultName: nameFor(file ?? ''),
      reruns: true,
    })
    prepared.close()
    const secrets = secretsOf(run)
    writeExecutable(
      file as string,
      compile(prepared.plan, { arch: own.arch, supervision: supervision(mode, prepared.stopSignal) }),
      secrets ? 0o700 : 0o755,
    )
    if (secrets)
      warnAbout([`${quote(file as string)} holds what ${secrets} set: only its owner may read it (mode 0700)`])
    return EXIT.ok
  },
})

/** `… -o FILE` as the last two words, as one is used to from compilers. */
function trailingOutput(words: readonly string[]): { file: string | undefined; words: readonly string[] } {
  const last = words.at(-1) ?? ''
  if (words.at(-2) === '-o') return { file: last, words: words.slice(0, -2) }
  if (last.startsWith('--output=')) return { file: last.slice('--output='.length), words: words.slice(0, -1) }
  return { file: undefined, words }
}

/** The executable's name is the container's, unless --name says otherwise: the same arguments make the same bytes. */
const nameFor = (file: string): string =>
  basename(file)
    .replace(/[^a-zA-Z0-9_.-]/g, '')
    .replace(/^[^a-zA-Z0-9]+/, '') || 'compiled'

/** The options whose values are in the file for whoever can read it: passwords are given in the environment. */
const secretsOf = (run: RunValues): string =>
  (['env', 'env-file'] as const)
    .filter((name) => run[name].length > 0)
    .map((name) => `--${name}`)
    .join(' and ')

/** Complete or not at all, never into a file that is being executed, and at no moment readable by more than `mode` says. */
function writeExecutable(file: string, bytes: Uint8Array, mode: number): void {
  const [whole, fresh] = [textBytes(file), textBytes(`${file}.${process.pid}.tmp`)]
  try {
    writeFileSync(fresh, bytes, { flag: 'wx', mode: 0o700 })
    chmodSync(fresh, mode)
    renameSync(fresh, whole)
  } catch (error) {
    rmSync(fresh, { force: true })
    throw new RtError('RT_SYSCALL', `cannot write ${quote(file)}: ${(error as Error).message}`, {
      origin: '--output',
      cause: error,
    })
  }
}
