import { callerTerminal } from '../attach/caller-terminal.js'
import { checkStreams } from '../attach/check-streams.js'
import { startAttached } from '../attach/start.js'
import { EXEC_GROUPS, EXEC_OPTIONS } from '../options/exec.js'
import { terminalMode } from '../options/terminal.js'
import { prepareExec } from '../plan/exec-plan.js'
import { warnAbout } from '../progress/warn.js'
import { wholeNumber } from '../values/numbers.js'
import { defineCommand } from './command.js'

const pidNumber = wholeNumber(1, 2 ** 22)

/** `rt exec PID COMMAND` */
export const command = defineCommand({
  name: 'exec',
  usage: '[OPTIONS] PID [--] COMMAND [ARG...]',
  description: [
    'Run a command in a running container: in its namespaces, its cgroups, its root, and with no more than its ' +
      'capabilities. PID is any process of the container, as the host numbers it (ps, pgrep, /proc).',
    'Where the options say nothing else, it runs as the program that the container was started with: as its user and ' +
      'groups, in the directory where that is now, with its environment.',
    'Exits as rt run does.',
  ],
  examples: [
    ['rt exec $(pgrep -n nginx) sh', 'a shell beside a program that runs in a container'],
    ['rt exec -u 1000 -w /tmp 4711 ls -l', 'one command as another user'],
  ],
  groups: EXEC_GROUPS,
  options: EXEC_OPTIONS,
  complete: 'pid',
  async run({ values, rest }, complaints) {
    const [word, ...more] = rest
    const argv = more[0] === '--' ? more.slice(1) : more
    if (word === undefined) complaints.add('PID', 'is missing')
    const pid = word === undefined ? undefined : complaints.try('PID', () => pidNumber(word))
    if (argv.length === 0) complaints.add('COMMAND', 'is missing')
    const mode = terminalMode(values, callerTerminal())
    checkStreams(mode, complaints)
    return startAttached(
      async ({ quiet }) => {
        const prepared = await prepareExec(values, pid, argv, mode, complaints)
        if (!quiet) warnAbout(prepared.warnings)
        return prepared
      },
      { mode },
    )
  },
})
