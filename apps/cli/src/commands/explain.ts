import { explain, formatExplanation } from '@rt/program'
import { flag, one } from '../arguments/option.js'
import { EXIT } from '../exit-codes.js'
import { SECCOMP_OPTIONS } from '../options/explain-seccomp.js'
import { print, printJson } from '../output.js'
import { runArguments } from '../plan/run-arguments.js'
import { stepLines } from '../plan/step-lines.js'
import { prepareWithBar } from '../progress/prepare-with-bar.js'
import { oneOf } from '../values/name.js'
import { defineCommand } from './command.js'

const OPTIONS = {
  json: flag({ help: 'print the steps as JSON' }),
  steps: flag({ short: 's', help: 'only the steps, a line each' }),
  all: flag({
    short: 'a',
    help: 'also the machine’s own instructions between the calls (branches, sums), and every call of what repeats',
  }),
  arch: one({
    value: 'x64|arm64',
    parse: oneOf('x64', 'arm64'),
    complete: ['x64', 'arm64'],
    help: 'for this processor',
  }),
}

/** `rt explain run …` */
export const command = defineCommand({
  name: 'explain',
  usage: '[OPTIONS] run [RUN OPTIONS] [SOURCE] [--] [COMMAND [ARG...]] | [OPTIONS] seccomp NAME [ARG...]',
  description: [
    'Print the system calls that rt run would make, step by step: what for, which option asked for it, and each call as ' +
      'strace prints it. Nothing runs, and no privilege is needed.',
    'What runs only under a condition is indented below it: "only if 12 fails with ENOENT" means the call numbered 12. Where ' +
      'the same calls come again and again, for each cgroup hierarchy say, the first time stands for all.',
    'With the word seccomp: which rule of the filter a system call meets, given its name and the arguments that matter, ' +
      'what becomes of it, and why.',
  ],
  examples: [
    ['rt explain run', "a shell on the host's files"],
    ['rt explain --steps run', 'the same in short'],
    ['rt explain run -m 64m -- true', 'with a limit: see which files are written'],
    ['rt explain --json run ./debian-root', 'the same as data'],
    ['rt explain seccomp socket 38', 'may a container open a socket of family 38 (AF_ALG)?'],
  ],
  groups: [],
  options: { ...OPTIONS, ...SECCOMP_OPTIONS },
  complete: ['run', 'seccomp'],
  async run(parsed, complaints) {
    if (parsed.rest[0] === 'seccomp') {
      const { explainSeccomp } = await import('./explain-seccomp.js')
      return explainSeccomp(parsed.rest.slice(1), parsed.values, complaints)
    }
    for (const name of Object.keys(SECCOMP_OPTIONS)) {
      if (parsed.origins.has(name)) complaints.add(`--${name}`, 'is an option of rt explain seccomp')
    }
    const { own, run, words } = runArguments('explain', OPTIONS, parsed, complaints)
    // No terminal unless -t says so: the explanation does not depend on where it is printed.
    const mode = { interactive: run.interactive ?? false, tty: run.tty ?? false }
    const prepared = await prepareWithBar({
      values: run,
      words,
      mode,
      complaints,
      arch: own.arch,
      defaultName: 'container-id',
    })
    prepared.close()
    if (own.steps && !own.json) {
      print(stepLines(prepared.plan))
      return EXIT.ok
    }
    const steps = explain(prepared.plan, { arch: own.arch })
    if (own.json) printJson(steps)
    else print(formatExplanation(steps, { all: own.all ?? false }))
    return EXIT.ok
  },
})
