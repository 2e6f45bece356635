import { many, type OptionGroup, type Values } from '../arguments/option.js'
import { seccompOption } from '../values/security.js'
import { commandOptions } from './command.js'
import { terminal } from './terminal.js'
import { user } from './user.js'

const command = {
  env: commandOptions.env,
  'env-file': commandOptions['env-file'],
  workdir: {
    ...commandOptions.workdir,
    help: "working directory; made if missing (default: the container's program's)",
  },
}
const who = {
  user: { ...user.user, help: `${user.user.help} (default: the container's program's)` },
  privileged: { ...user.privileged, help: 'all capabilities that rt itself has, and no system call filter' },
  'security-opt': many({
    value: 'OPTION',
    parse: seccompOption,
    complete: ['seccomp=builtin', 'seccomp=unconfined'],
    help:
      'seccomp=FILE: a profile of system calls, seccomp=unconfined: none; by default the one of rt run (seccomp=builtin), ' +
      'if the process with PID has a filter',
  }),
}

/** The options of `rt exec`: run's, as far as they make sense for a second program. */
export const EXEC_OPTIONS = { ...terminal, ...command, ...who }

export type ExecValues = Values<typeof EXEC_OPTIONS>

export const EXEC_GROUPS: readonly OptionGroup[] = [
  { title: 'Terminal', options: terminal },
  { title: 'Command', options: command },
  { title: 'User and privileges', options: who },
]
