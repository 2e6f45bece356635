import { invalid } from '../arguments/complaints.js'
import { callerTerminal } from '../attach/caller-terminal.js'
import { checkStreams } from '../attach/check-streams.js'
import { startAttached } from '../attach/start.js'
import { RUN_GROUPS, RUN_OPTIONS } from '../options/run.js'
import { terminalMode } from '../options/terminal.js'
import { writeName } from '../plan/name-file.js'
import { prepareWithBar } from '../progress/prepare-with-bar.js'
import { defineCommand } from './command.js'

/**
 * `rt run`: namespaces → cgroups → change root. The sentence itself is in plan/container-plan.ts, what goes into it comes
 * from options/, and how the container is connected to this terminal is in attach/.
 */
export const command = defineCommand({
  name: 'run',
  usage: '[OPTIONS] [SOURCE] [--] [COMMAND [ARG...]]',
  description: [
    'Start a container. SOURCE is what its root is made of: a directory, a tar archive, or an image: by name (from the store, or from ' +
      'a registry), oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE, dir:DIR. ' +
      "Without SOURCE the root is the host's own, read-only under a writable layer that is thrown away.",
    'A directory is written to, and stays as the container leaves it. What rt mounts on has to be there: /proc, /dev, /sys, ' +
      '/etc/hosts, /etc/hostname, /etc/resolv.conf, the working directory, and what -v and the like ask for. What of that ' +
      'is missing is made in the directory, empty, and stays, too. With --ephemeral or --read-only nothing is made in it.',
    "Without COMMAND, the image's command is run, or a shell. Options end at SOURCE: what follows COMMAND is the " +
      "command's. Names and meanings of the options are Docker's.",
    'Exits with the code of the command, 128 + N if signal N ended it, 125 if rt failed, 126 if the command cannot be ' +
      'executed, 127 if it does not exist.',
  ],
  examples: [
    ['rt run', "a shell on the host's files"],
    ['rt run -- ls -l', "one command on the host's files"],
    ['rt run ./debian-root bash', 'a shell on another root'],
    [
      'rt run -m 256m --pids-limit 64 -v ./src:/src:ro -w /src oci:image make',
      'with limits and a directory of the host',
    ],
  ],
  groups: RUN_GROUPS,
  options: RUN_OPTIONS,
  complete: 'source',
  async run({ values, rest }, complaints) {
    const here = callerTerminal()
    const mode = terminalMode(values, here)
    complaints.try('--tty', () => {
      if (mode.tty && mode.interactive && !here.stdinIsTerminal) {
        throw invalid('with -i, stdin must be a terminal', 'leave out -t if input is piped in')
      }
    })
    checkStreams(mode, complaints)
    return startAttached(
      async (at) => {
        const prepared = await prepareWithBar({ values, words: rest, mode, complaints, ...at })
        if (values.cidfile !== undefined && !at.quiet) writeName(values.cidfile, values.name ?? at.defaultName)
        return prepared
      },
      { mode },
    )
  },
})
