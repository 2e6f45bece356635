import { exec, hostname, root } from '@rt/chroot'
import { directoryTree, namespaces, proc } from '@rt/mountns'
import { type Plan, sequence } from '@rt/program'
import { benchRoot } from './root.js'

/** What is measured: rt's default plan on a directory, running /bin/true. */
export const benchPlan = (): Plan =>
  sequence(
    namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
    root(directoryTree(benchRoot()), proc()),
    hostname('rt'),
    exec(['/bin/true'], { env: ['PATH=/bin', 'HOME=/root'] }),
  )
