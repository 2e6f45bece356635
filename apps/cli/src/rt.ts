#!/usr/bin/env node
import { statSync } from 'node:fs'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { exec, hostname, root } from '@rt/chroot'
import { directoryTree, namespaces, overlayTree, proc } from '@rt/mountns'
import { run, sequence } from '@rt/program'
import { formatError, SyscallError } from '@rt/sys'

const HELP = `Usage: rt run [SOURCE] [--] [COMMAND [ARG...]]

Start a container. SOURCE is a directory with a root file system; without it the root is the host's own, read-only
under a writable tmpfs that is gone with the container.

  rt run                      a shell on the host's root
  rt run -- ls -l             one command
  rt run ./debian-root bash   on another root
`

function fail(message: string): never {
  process.stderr.write(`rt: ${message}\n`)
  process.exit(125)
}

async function main(argv: string[]): Promise<number> {
  if (argv[0] === '--version') {
    process.stdout.write('rt 0.0.0\n')
    return 0
  }
  if (argv.length === 0 || argv.includes('--help')) {
    process.stdout.write(HELP)
    return 0
  }
  if (argv[0] !== 'run') fail(`unknown command ${JSON.stringify(argv[0])}\n  hint: rt --help`)
  const rest = argv.slice(1)
  let source: string | undefined
  if (rest[0] === '--') rest.shift()
  else if (rest[0]?.startsWith('-')) fail(`unknown option ${rest[0]}\n  hint: rt --help`)
  else if (rest[0] !== undefined) {
    source = resolve(rest.shift() as string)
    if (rest[0] === '--') rest.shift()
    const found = statSync(source, { throwIfNoEntry: false })
    if (!found) fail(`no such directory: ${source}\n  hint: a command on the host's root is run as: rt run -- COMMAND`)
    if (!found.isDirectory()) fail(`cannot use ${source} as a root: expected a directory, got a file`)
  }
  const command = rest.length ? rest : [(source ? undefined : process.env['SHELL']) ?? '/bin/sh']

  // Docker's sentence: namespaces, (cgroups), change root, exec.
  const plan = sequence(
    namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
    root(source ? directoryTree(source, 'SOURCE') : overlayTree({ lower: ['/'], origin: 'default' }), proc()),
    hostname('rt'),
    exec(command, {
      env: [
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'HOME=/root',
        `TERM=${process.env['TERM'] ?? 'dumb'}`,
      ],
      origin: 'COMMAND',
    }),
  )
  const container = await run(plan)
  for (const name of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const)
    process.on(name, () => container.kill(constants.signals[name]))
  const exit = await container.exited
  return 'code' in exit ? exit.code : 128 + exit.signal
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`rt: ${formatError(error)}\n`)
    const exec = SyscallError.isInstance(error) && error.syscall === 'execve'
    process.exitCode = exec ? (error.code === 'ENOENT' ? 127 : 126) : 125
  },
)
