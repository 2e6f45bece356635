// Runs in the virtual machine (vm-cgroup2.test.ts): Docker's sequence with limits, on the busybox root at /busybox.
import { existsSync } from 'node:fs'
import { join } from '@rt/cgroups'
import { capabilities, DEFAULT_CAPABILITIES, exec, hostname, root } from '@rt/chroot'
import { defaultMounts, directoryTree, namespaces } from '@rt/mountns'
import { run, sequence } from '@rt/program'

const inside = [
  'echo "$$ $(hostname)"',
  'cat /proc/self/cgroup',
  'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max',
  // Twenty more processes than may be.
  'for i in $(seq 20); do sleep 1 & done 2>&1 | head -n 1',
  'exit 3',
]

const container = await run(
  sequence(
    namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
    hostname('inside'),
    join('/rt/demo', { pids: { max: 8 }, memory: { max: '64M' }, cpu: { quota: 50_000, period: 100_000 } }),
    root(directoryTree('/busybox'), defaultMounts({ cgroup: { version: 2 } })),
    capabilities(DEFAULT_CAPABILITIES),
    exec(['sh', '-c', inside.join('\n')], { env: ['PATH=/bin'] }),
  ),
)
console.log(JSON.stringify(await container.exited), existsSync('/sys/fs/cgroup/rt') ? 'group left' : 'no group left')
