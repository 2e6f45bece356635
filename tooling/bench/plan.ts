import { join } from '@rt/cgroups'
import {
  capabilities,
  closeDescriptors,
  DEFAULT_CAPABILITIES,
  exec,
  hostname,
  newSession,
  root,
  workingDirectory,
} from '@rt/chroot'
import { defaultMounts, directoryTree, namespaces } from '@rt/mountns'
import { type Plan, type StepList, sequence } from '@rt/program'
import { DEFAULT_PROFILE, seccomp } from '@rt/seccomp'
import { benchRoot } from './root.js'

/**
 * What is measured: Docker's defaults on a directory, running /bin/true as root.
 *
 * @param cgroup as of `inCgroup`; without it the container stays in the benchmark's own
 */
export const benchPlan = (cgroup?: StepList, command: readonly string[] = ['/bin/true']): Plan =>
  sequence(
    namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
    hostname('rt'),
    cgroup,
    root(directoryTree(benchRoot()), defaultMounts()),
    workingDirectory('/'),
    newSession(),
    capabilities(DEFAULT_CAPABILITIES, 'default', { untilExecve: ['CAP_SYS_ADMIN'] }),
    closeDescriptors(),
    seccomp(DEFAULT_PROFILE, { capabilities: DEFAULT_CAPABILITIES }),
    exec(command, { env: ['PATH=/bin', 'HOME=/root'], descriptorsClosed: true }),
  )

/** A group of its own in every hierarchy, with a limit, as crun and runc make it (oci-bundle.ts). */
export const inCgroup = (name: string): StepList => join(`/rt-bench/${name}`, { pids: { max: 64 } })
