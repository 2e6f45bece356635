import { existsSync } from 'node:fs'
import { RtError } from '@rt/sys'
import type { Complaints } from '../arguments/complaints.js'
import { flag } from '../arguments/option.js'
import type { Parsed } from '../arguments/parse.js'
import { callerTerminal } from '../attach/caller-terminal.js'
import { EXIT } from '../exit-codes.js'
import { conductExperiment } from '../lab/conduct.js'
import type { Finding } from '../lab/experiment.js'
import { EXPERIMENTS } from '../lab/experiments.js'
import { inTongue } from '../lab/in-tongue.js'
import { language } from '../lab/language.js'
import { print, printJson } from '../output.js'
import { wholeNumber } from '../values/numbers.js'
import { defineCommand } from './command.js'

const experimentNumber = wholeNumber(1, EXPERIMENTS.length)

const OPTIONS = {
  check: flag({ help: 'only check what the experiments claim; exits with 1 if something does not hold' }),
  json: flag({ help: 'with --check: print the findings as JSON' }),
}

/** `rt lab`, `rt lab 2`, `rt lab --check` */
export const command = defineCommand({
  name: 'lab',
  usage: '[OPTIONS] [N...]',
  description: [
    'Four experiments that show what a container is made of: what is done and by which calls, the mounts that are seen ' +
      'inside and on the host, before, during and after. On a terminal each ends in a shell in its container.',
    'Needs root. Speaks Chinese under a Chinese locale (LC_ALL, LC_MESSAGES, LANG).',
  ],
  examples: [
    ['rt lab', 'the list of experiments'],
    ['rt lab 2', 'one of them, with a shell in it'],
    ['rt lab --check', 'all of them: does what they claim hold on this machine?'],
  ],
  groups: [],
  options: OPTIONS,
  complete: EXPERIMENTS.map((_, index) => String(index + 1)),
  tellErrors: (run) => inTongue(language(), run),
  run: lab,
})

async function lab({ values, rest }: Parsed<typeof OPTIONS>, complaints: Complaints): Promise<number> {
  const check = values.check ?? values.json ?? false
  const numbers = rest.flatMap((word) => complaints.try('N', () => experimentNumber(word)) ?? [])
  complaints.throwIfAny('lab')
  const tongue = language()
  if (rest.length === 0 && !check) {
    const titles = EXPERIMENTS.map(({ title }, index) => `  rt lab ${index + 1}   ${title[tongue]}\n`)
    print(`${titles.join('')}\n  rt lab --check\n`)
    return EXIT.ok
  }
  if (process.getuid?.() !== 0) {
    throw new RtError('RT_PERMISSION', 'the experiments make mounts and namespaces without a user namespace', {
      hint: 'run it as root: sudo rt lab',
    })
  }
  const here = callerTerminal()
  const sits = !check && here.stdinIsTerminal && here.stdoutIsTerminal && here.foreground
  const shell = sits ? ['/bin/bash', '/bin/sh'].find((file) => existsSync(file)) : undefined
  const results: { experiment: number; findings: Finding[] }[] = []
  for (const number of numbers.length ? numbers : EXPERIMENTS.map((_, index) => index + 1)) {
    const experiment = EXPERIMENTS[number - 1]
    if (!experiment) continue
    const how = { language: tongue, checkOnly: check, quiet: values.json ?? false, shell }
    results.push({ experiment: number, findings: await conductExperiment(number, experiment, how) })
  }
  if (values.json)
    printJson(
      results.map(({ experiment, findings }) => ({
        experiment,
        findings: findings.map(({ claim, holds }) => ({ claim: claim[tongue], holds })),
      })),
    )
  return results.every(({ findings }) => findings.every(({ holds }) => holds)) ? EXIT.ok : EXIT.checkFailed
}
