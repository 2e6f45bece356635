// Runs in the virtual machine (vm-cgroup2.test.ts): a container on the busybox root that the test put at /busybox.
import { exec, hostname, root } from '@rt/chroot'
import { directoryTree, namespaces, proc } from '@rt/mountns'
import { run, sequence } from '@rt/program'

const container = await run(
  sequence(
    namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
    root(directoryTree('/busybox'), proc()),
    hostname('inside'),
    exec(['sh', '-c', 'echo "$$ $(hostname)"; cat /proc/self/cgroup; exit 3'], { env: ['PATH=/bin'] }),
  ),
)
console.log(JSON.stringify(await container.exited))
