import {
  capabilities,
  closeDescriptors,
  domainname,
  exec,
  hostname,
  init,
  newSession,
  noNewPrivileges,
  oomScoreAdj,
  rlimits,
  root,
  sessionKeyring,
  standardStreams,
  terminal,
  umask,
  user,
  workingDirectory,
} from '@rt/chroot'
import { defaultMounts, namespaces, readonlyRoot } from '@rt/mountns'
import { openedByInit, type Plan, sequence } from '@rt/program'
import type { Container } from './container.js'
import { neededForFilter } from './seccomp-step.js'

/**
 * Docker's sentence, as steps: new namespaces, a cgroup with the limits that were asked for, another root; then what the
 * program may do is cut down, and it is executed.
 */
export function containerPlan(container: Container): Plan {
  const { process } = container
  const plan = sequence(
    // 0. what is refused before anything is made
    !process.terminal && standardStreams(process.streams),

    // 1. namespaces
    namespaces(container.namespaces),
    container.hostname && hostname(container.hostname.name, container.hostname.origin),
    container.domainname !== undefined && domainname(container.domainname, '--domainname'),
    container.sysctls,

    // 2. cgroups
    container.cgroup,

    // 3. change root
    root(container.tree, defaultMounts(container.mounts), {
      change: container.rootChange,
      origin: container.rootOrigin,
    }),

    // and then the program
    workingDirectory(process.workdir.path, { origin: process.workdir.origin }),
    // Now that the working directory could be made in it.
    container.readOnly && readonlyRoot('--read-only'),
    process.terminal ? terminal(process.terminal) : newSession(),
    process.oomScoreAdj !== undefined && oomScoreAdj(process.oomScoreAdj, '--oom-score-adj'),
    process.rlimits.length > 0 && rlimits(process.rlimits, '--ulimit'),
    umask(process.umask, process.umask === undefined ? 'default' : '--umask'),
    sessionKeyring(),
    user(process.identity, process.userOptions),
    capabilities(process.capabilities, process.capabilitiesOrigin, { untilExecve: neededForFilter(process) }),
    process.noNewPrivileges && noNewPrivileges('--security-opt no-new-privileges'),
    process.init &&
      init({ origin: '--init', terminal: process.terminal !== undefined, capabilities: process.capabilities }),
    closeDescriptors(),
    // After all that it could forbid.
    process.seccomp,
    exec(process.argv, { env: process.env, origin: 'COMMAND', descriptorsClosed: true }),
  )
  return container.openedByInit ? openedByInit(plan) : plan
}
