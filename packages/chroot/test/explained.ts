import { explain, type StepList, sequence } from '@rt/program'

/** Steps as `rt explain` shows them, without what the frame around them and their place in it add. */
export const explained = (...steps: StepList[]): string =>
  explain(sequence(...steps), { arch: 'x64' })
    .filter((step) => step.step !== 'set-up')
    .flatMap(({ step, calls }) => [
      `${step}:`,
      ...calls.map(
        ({ call, kind, save }) => `  ${call}${save === undefined || kind === 'compute' ? '' : ` → ${save}`}`,
      ),
    ])
    .join('\n')
