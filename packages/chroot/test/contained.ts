import { text } from 'node:stream/consumers'
import { type Container, type Exit, type RunOptions, run, type StepList, sequence } from '@rt/program'
import type { Text } from '../src/exec/candidates.js'
import { type ExecOptions, exec } from '../src/index.js'

/** What a container printed, and how it ended. */
export interface Outcome {
  readonly exit: Exit
  readonly stdout: string
  readonly stderr: string
}

const ENV = ['PATH=/bin'] as const

/** Run steps and then a command; wait for its end. */
export async function contained(steps: StepList, argv: readonly Text[], options: Partial<ExecOptions> = {}) {
  return outcome(await start(steps, argv, options))
}

/** Run steps and then a command. */
export const start = (
  steps: StepList,
  argv: readonly Text[],
  options: Partial<ExecOptions> = {},
  runOptions: RunOptions = {},
): Promise<Container> =>
  run(sequence(steps, exec(argv, { env: ENV, ...options })), { stdio: ['null', 'pipe', 'pipe'], ...runOptions })

/** The rest of what it prints, and its end. */
export async function outcome(container: Container): Promise<Outcome> {
  const [stdout, stderr, exit] = await Promise.all([
    container.stdout ? text(container.stdout) : '',
    container.stderr ? text(container.stderr) : '',
    container.exited,
  ])
  return { exit, stdout, stderr }
}
