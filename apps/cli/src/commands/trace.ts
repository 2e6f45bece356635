import { writeFileSync, writeSync } from 'node:fs'
import { type Container, chromeTrace, formatTrace, type TraceRow } from '@rt/program'
import { textBytes } from '@rt/sys'
import { flag, one } from '../arguments/option.js'
import { callerTerminal } from '../attach/caller-terminal.js'
import { checkStreams } from '../attach/check-streams.js'
import { startAttached } from '../attach/start.js'
import { terminalMode } from '../options/terminal.js'
import { json } from '../output.js'
import { runArguments } from '../plan/run-arguments.js'
import { prepareWithBar } from '../progress/prepare-with-bar.js'
import { defineCommand } from './command.js'

const STDERR = 2

const OPTIONS = {
  json: flag({ help: 'the rows as JSON' }),
  perfetto: flag({ help: 'the rows for https://ui.perfetto.dev or chrome://tracing' }),
  output: one({
    short: 'o',
    value: 'FILE',
    bytes: true,
    complete: 'file',
    help: 'write the trace to FILE instead of stderr',
  }),
}

/** `rt trace run …` */
export const command = defineCommand({
  name: 'trace',
  usage: '[OPTIONS] run [RUN OPTIONS] [SOURCE] [--] [COMMAND [ARG...]]',
  description: [
    'Run a container as rt run does, and when it has ended print what each system call of its set-up returned and how ' +
      "long it took; if the set-up fails, what had run by then. The trace goes to stderr: stdout is the command's. Exits " +
      "with the command's code.",
  ],
  examples: [
    ['rt trace run -- true', 'a table of the calls'],
    ['rt trace --perfetto -o trace.json run -- true', 'a timeline to look at in a browser'],
  ],
  groups: [],
  options: OPTIONS,
  complete: ['run'],
  async run(parsed, complaints) {
    const { own, run, words } = runArguments('trace', OPTIONS, parsed, complaints)
    if (own.json && own.perfetto)
      complaints.add('--perfetto', 'the trace can be written in one form only, and --json is given')
    const mode = terminalMode(run, callerTerminal())
    checkStreams(mode, complaints)
    let container: Container | undefined
    const write = (rows: readonly TraceRow[]): void => {
      const text = own.json ? json(rows) : own.perfetto ? chromeTrace(rows) : formatTrace(rows)
      if (own.output === undefined) writeSync(STDERR, text)
      else writeFileSync(textBytes(own.output), text)
    }
    const code = await startAttached((at) => prepareWithBar({ values: run, words, mode, complaints, ...at }), {
      mode,
      traced: true,
      // Where a set-up failed, what it had done is the best part of the explanation.
      onFailure: write,
      watch: (started) => {
        container = started
      },
    })
    if (container) write(container.trace())
    return code
  },
})
