import type { StepList } from '@rt/program'
import { print } from '../output.js'
import { stepLines } from '../plan/step-lines.js'
import { translatedPlan } from './chinese.js'
import type { Experiment, Finding, Trial } from './experiment.js'
import { type Language, LINES, type Words } from './language.js'
import { type Observation, observe, planOf, shell } from './observe.js'
import { sayInside } from './say.js'
import { callLines, findingLine, mountLines, paragraph } from './show.js'

export interface Conduct {
  readonly language: Language
  /** Say only what was found. */
  readonly checkOnly: boolean
  /** Say nothing. */
  readonly quiet: boolean
  /** A shell for the first trial's container, after all trials: its file. */
  readonly shell: string | undefined
}

const CALLS: Words = { en: 'The calls (all of them: rt explain):', zh: '系统调用（全部：rt explain）：' }
const STEPS: Words = {
  en: 'The steps (their calls: rt explain run):',
  zh: '步骤（每一步的系统调用：rt explain run）：',
}
const YOURS: Words = { en: 'Now it is yours. Try: ', zh: '现在轮到你了，试试：' }

/** Another program may mount something between two looks: what doesn't hold must not hold so often in a row. */
const LOOKS = 5

async function confirmed(seen: Observation, steps: StepList, trial: Trial): Promise<Finding[]> {
  let findings = trial.findings(seen)
  for (let looks = 1; looks < LOOKS && findings.some(({ holds }) => !holds); looks++) {
    const again = trial.findings(await observe(steps, trial.script))
    findings = findings.map((finding, index) => (finding.holds ? finding : (again[index] ?? finding)))
  }
  return findings
}

/** Do an experiment, and tell what is seen. */
export async function conductExperiment(number: number, experiment: Experiment, how: Conduct): Promise<Finding[]> {
  const { language, checkOnly, quiet } = how
  const report = (text: string): void => {
    if (!quiet) print(text)
  }
  const tell = (text: string): void => {
    if (!checkOnly) report(text)
  }
  const findings: Finding[] = []
  report(`${number}. ${experiment.title[language]}\n`)
  for (const words of experiment.about) tell(paragraph(words, language))

  const conductTrial = async (trial: Trial): Promise<void> => {
    const steps = [trial.steps, sayInside(language)]
    const plan = planOf(steps, ['/bin/bash'])
    tell(`\n--- ${trial.title[language]}\n\n${(trial.brief ? STEPS : CALLS)[language]}\n\n`)
    tell(trial.brief ? stepLines(translatedPlan(plan, language)) : callLines(plan, language))
    tell(`\n${LINES.starts[language]}\n`)
    const seen = await observe(steps, trial.script)
    tell(
      `$ ${trial.script.replace(/\n/g, '\n> ')}\n${seen.output}${LINES.stopped[language]}\n\n${mountLines(seen, language)}\n`,
    )
    for (const finding of await confirmed(seen, steps, trial)) {
      findings.push(finding)
      report(findingLine(finding, language))
    }
  }

  await experiment.perform(async (trials) => {
    for (const trial of trials) await conductTrial(trial)
    const [first] = trials
    if (how.shell === undefined || !first) return
    // What the experiment is about has scrolled away by now.
    print(`\n${number}. ${experiment.title[language]}\n`)
    for (const words of experiment.about) print(paragraph(words, language))
    print(`\n${YOURS[language]}${experiment.tries[language]}\n${LINES.starts[language]}\n`)
    await shell([first.steps, sayInside(language)], how.shell)
    print(`${LINES.stopped[language]}\n`)
  })
  report('\n')
  return findings
}
