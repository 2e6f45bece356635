// Docker's sequence: namespaces, cgroups, change root.
// As root: npx tsx --tsconfig tsconfig.json examples/4-docker.ts ROOTFS [COMMAND...]
import { join } from '@rt/cgroups'
import { capabilities, DEFAULT_CAPABILITIES, DEFAULT_PATH, exec, hostname, root } from '@rt/chroot'
import { defaultMounts, directoryTree, namespaces } from '@rt/mountns'
import { run, sequence } from '@rt/program'

const [rootfs = '/', ...command] = process.argv.slice(2)

const plan = sequence(
  namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
  hostname('demo'),
  join('/rt/demo', { pids: { max: 64 }, memory: { max: '256M' } }),
  root(directoryTree(rootfs), defaultMounts()),
  capabilities(DEFAULT_CAPABILITIES),
  exec(command.length > 0 ? command : ['/bin/sh'], { env: [`PATH=${DEFAULT_PATH}`] }),
)

const container = await run(plan)
const exit = await container.exited
process.exitCode = 'code' in exit ? exit.code : 128 + exit.signal
