import { flag, many, one } from '../arguments/option.js'
import { envEntry, envFile } from '../values/env.js'
import { signalNumber } from '../values/signal.js'

/** What is executed, and what it finds around itself. */
export const commandOptions = {
  env: many({
    short: 'e',
    value: 'NAME[=VALUE]',
    parse: envEntry,
    help: 'set an environment variable; without =VALUE, to the value it has here',
  }),
  'env-file': many({
    value: 'FILE',
    parse: envFile,
    complete: 'file',
    help: 'set the variables that FILE lists, a line each',
  }),
  workdir: one({ short: 'w', value: 'DIR', help: 'working directory in the container; made if missing' }),
  entrypoint: one({
    value: 'PROGRAM',
    complete: 'command',
    help: "replace the image's entrypoint; COMMAND becomes its arguments",
  }),
  init: flag({ help: 'run a small init as process 1, which forwards signals and reaps orphans' }),
  'stop-signal': one({
    value: 'SIGNAL',
    parse: signalNumber,
    help: 'what a SIGTERM to rt becomes in the container (default SIGTERM)',
  }),
}
