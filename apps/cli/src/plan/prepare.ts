import { closeSync } from 'node:fs'
import {
  DEFAULT_PATH,
  diagnoseExec,
  neededRootChange,
  parseUlimits,
  parseUserSpec,
  type ResolvedUser,
  resolveUser,
  type Text,
} from '@rt/chroot'
import { hostId, type UserNamespace } from '@rt/mountns'
import type { Plan } from '@rt/program'
import type { RtError } from '@rt/sys'
import { type Complaints, invalid } from '../arguments/complaints.js'
import { argvOf, envOf, type ImageCommand } from '../options/command.js'
import { namespacesOf } from '../options/namespaces.js'
import type { RunValues } from '../options/run.js'
import type { TerminalMode } from '../options/terminal.js'
import { capabilitiesOf, userNamespaceOf } from '../options/user.js'
import { signalNumber } from '../values/signal.js'
import { chooseCgroup } from './choose-cgroup.js'
import type { Container, Program } from './container.js'
import { containerId } from './container-id.js'
import { containerPlan } from './container-plan.js'
import { mountsOf } from './mounts.js'
import { type RootSource, rootSource } from './source.js'
import { splitWords } from './words.js'

/** A container that is ready to be started, explained or compiled. */
export interface PreparedContainer {
  readonly plan: Plan
  /** What a SIGTERM to rt becomes; undefined: itself. */
  readonly stopSignal: number | undefined
  /** Why the program could not be executed, if its files tell; undefined if they look right. */
  diagnose(): RtError | undefined
  /** Close what was opened to look things up. */
  close(): void
}

/**
 * Ask options, image and host for everything that the plan is made of. Nothing is made yet.
 *
 * @param words what followed the options: SOURCE and COMMAND
 * @param defaultName the container's name where --name says nothing
 * @throws RtError with every complaint about the arguments
 */
export function prepare(
  values: RunValues,
  words: readonly string[],
  mode: TerminalMode,
  complaints: Complaints,
  defaultName = containerId,
): PreparedContainer {
  const { source, command } = splitWords(words)
  const caller = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  const user = complaints.try('--userns', () => userNamespaceOf(values, caller))
  const root = complaints.try('SOURCE', () => rootSource(source, values.ephemeral ?? false, user))
  try {
    const name = values.name ?? defaultName()
    const hostname = hostnameOf(values, name, complaints)
    const namespaces = namespacesOf(values, user)
    const cgroup = chooseCgroup(values, name, { caller, user }, complaints)
    const mounts = mountsOf(values, { namespaces, cgroup, root, hostname }, complaints)
    const program = programOf(values, command, { root, user, cgroup, mode, hostname }, complaints)
    const stop = values['stop-signal'] ?? complaints.try('StopSignal of the image', () => imageStopSignal(root))
    complaints.throwIfAny('run')
    if (!root || !program) throw new Error('a complaint was lost')
    const container: Container = {
      namespaces,
      hostname:
        hostname === undefined ? undefined : { name: hostname, origin: values.hostname ? '--hostname' : 'default' },
      cgroup: cgroup.step,
      tree: root.tree,
      rootOrigin: root.origin,
      rootChange: neededRootChange(),
      mounts,
      readOnly: values['read-only'] ?? false,
      process: program,
      openedByInit: caller.uid !== 0,
    }
    const { argv, env, workdir } = program
    return {
      plan: containerPlan(container),
      stopSignal: stop,
      diagnose: () => diagnoseExec(root.fd, argv[0] as Text, { env, cwd: workdir.path, origin: 'COMMAND' }),
      close: () => closeSync(root.fd),
    }
  } catch (error) {
    if (root) closeSync(root.fd)
    throw error
  }
}

/** The kernel's limit on host names. */
const LONGEST_HOSTNAME = 64

function hostnameOf(values: RunValues, name: string, complaints: Complaints): string | undefined {
  if (values.uts !== 'host') return values.hostname ?? name.slice(0, LONGEST_HOSTNAME)
  if (values.hostname !== undefined) complaints.add('--hostname', 'the name is the host’s with --uts host')
  return undefined
}

const imageStopSignal = (root: RootSource | undefined): number | undefined =>
  root?.image.stopSignal ? signalNumber(root.image.stopSignal) : undefined

interface Circumstances {
  readonly root: RootSource | undefined
  readonly user: UserNamespace | undefined
  readonly cgroup: { readonly guardsDevices: boolean }
  readonly mode: TerminalMode
  readonly hostname: string | undefined
}

/** Who runs what. */
function programOf(
  values: RunValues,
  command: readonly string[],
  { root, user, cgroup, mode, hostname }: Circumstances,
  complaints: Complaints,
): Program | undefined {
  const image: ImageCommand = root?.image ?? {}
  const identity = complaints.try('--user', () => resolveIdentity(values, root, user))
  const capabilities = complaints.try('--cap-add', () =>
    capabilitiesOf(values, user !== undefined, cgroup.guardsDevices),
  )
  const rlimits = complaints.try('', () => parseUlimits(values.ulimit))
  const workdir = values.workdir ?? image.workingDir ?? '/'
  if (!workdir.startsWith('/'))
    complaints.add('--workdir', `expected an absolute path in the container, got ${JSON.stringify(workdir)}`)
  if (!root || !identity || !capabilities || !rlimits) return undefined
  const env = envOf(values, image, {
    PATH: DEFAULT_PATH,
    HOSTNAME: hostname,
    TERM: mode.tty ? (process.env.TERM ?? 'xterm') : undefined,
    HOME: identity.home,
  })
  const argv = argvOf(values, command, image)
  return {
    argv: argv.length > 0 ? argv : [shell(root.fd, env)],
    env,
    workdir: { path: workdir, origin: values.workdir === undefined ? 'default' : `--workdir ${workdir}` },
    identity,
    userOptions: {
      origin: values.user === undefined ? 'default' : `--user ${values.user}`,
      keepGroups: user?.how === 'self',
    },
    capabilities: capabilities.names,
    capabilitiesOrigin: capabilities.origin,
    noNewPrivileges: values['security-opt'].includes('no-new-privileges'),
    rlimits,
    oomScoreAdj: values['oom-score-adj'],
    terminal: mode.tty ? { uid: identity.uid, origin: '--tty' } : undefined,
    init: values.init ?? false,
  }
}

/** Undefined without a root to look into. */
function resolveIdentity(
  values: RunValues,
  root: RootSource | undefined,
  user: UserNamespace | undefined,
): ResolvedUser | undefined {
  const spec = values.user ?? root?.image.user ?? '0'
  if (!root) {
    parseUserSpec(spec)
    return undefined
  }
  const identity = resolveUser(root.fd, spec)
  if (user && hostId(user.uidMap, identity.uid) === undefined) {
    throw invalid(
      `user ${JSON.stringify(spec)} (uid ${identity.uid}) has no id in the container’s user namespace`,
      MORE_IDS,
    )
  }
  if (user && hostId(user.gidMap, identity.gid) === undefined) {
    throw invalid(
      `the group of user ${JSON.stringify(spec)} (gid ${identity.gid}) has no id in the user namespace`,
      MORE_IDS,
    )
  }
  return identity
}

const MORE_IDS = 'only root (0) has one with --userns self; --userns auto maps the ids of /etc/subuid and /etc/subgid'

/** The user's shell, if it would run in this root; else the one that is everywhere. */
function shell(rootFd: number, env: readonly Text[]): string {
  const own = process.env.SHELL
  return own?.startsWith('/') && diagnoseExec(rootFd, own, { env }) === undefined ? own : '/bin/sh'
}
