import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { exec, hostname, root } from '@rt/chroot'
import { directoryTree, namespaces, overlayTree, proc } from '@rt/mountns'
import { run, sequence } from '@rt/program'
import { SIGNALS } from '@rt/sys'
import { exitCode } from '../exit-codes.js'
import { RUN_GROUPS, RUN_OPTIONS } from '../options/run.js'
import { defineCommand } from './command.js'

/** `rt run` */
export const command = defineCommand({
  name: 'run',
  usage: '[OPTIONS] [SOURCE] [--] [COMMAND [ARG...]]',
  description: [
    'Start a container. SOURCE is what its root is made of: a directory, a tar archive, or an image (oci:DIR[:TAG]). ' +
      "Without SOURCE the root is the host's own, read-only under a writable layer that is thrown away.",
  ],
  examples: [
    ['rt run', "a shell on the host's files"],
    ['rt run -- ls -l', "one command on the host's files"],
    ['rt run ./debian-root bash', 'a shell on another root'],
  ],
  groups: RUN_GROUPS,
  options: RUN_OPTIONS,
  complete: 'source',
  async run({ rest: given }, complaints) {
    const rest = [...given]
    let source: string | undefined
    if (rest[0] === '--') rest.shift()
    else if (rest[0] !== undefined) {
      const text = rest.shift() as string
      source = resolve(text)
      if (rest[0] === '--') rest.shift()
      const found = statSync(source, { throwIfNoEntry: false })
      if (!found)
        complaints.add(
          'SOURCE',
          `no such directory: ${text}`,
          `a command on the host's root is run as: rt run -- ${text}`,
        )
      else if (!found.isDirectory())
        complaints.add('SOURCE', `cannot use ${text} as a root: expected a directory, got a file`)
    }
    complaints.throwIfAny('run')
    const shell = (source ? undefined : process.env.SHELL) ?? '/bin/sh'
    const plan = sequence(
      namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
      root(source ? directoryTree(source, 'SOURCE') : overlayTree({ lower: ['/'], origin: 'default' }), proc()),
      hostname('rt'),
      exec(rest.length ? rest : [shell], {
        env: [
          'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          'HOME=/root',
          `TERM=${process.env.TERM ?? 'dumb'}`,
        ],
        origin: 'COMMAND',
      }),
    )
    const container = await run(plan)
    for (const name of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(name, () => container.kill(SIGNALS[name]))
    return exitCode(await container.exited)
  },
})
