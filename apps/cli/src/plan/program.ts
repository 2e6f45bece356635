import { DEFAULT_PATH, diagnoseExec, type ResolvedUser, resolveUser, type Text } from '@rt/chroot'
import { hostId, type UserNamespace } from '@rt/mountns'
import type { Step } from '@rt/program'
import { type Complaints, invalid } from '../arguments/complaints.js'
import { ownVariable } from '../arguments/own-bytes.js'
import { argvOf, envOf } from '../options/command.js'
import type { RunValues } from '../options/run.js'
import type { TerminalMode } from '../options/terminal.js'
import { capabilitySets } from '../options/user.js'
import { quote } from '../values/quote.js'
import type { Program } from './container.js'
import { hostsName } from './hosts-name.js'
import { privilegeOf } from './privilege.js'
import type { Requested } from './requested.js'
import type { RootSource } from './source.js'
import { streamsOf } from './streams.js'

/** What runs in the root, and as whom; undefined if there was something to complain about. */
export function programOf(
  values: RunValues,
  command: readonly string[],
  root: RootSource,
  { user, hostname, capabilities, rlimits }: Requested,
  mode: TerminalMode,
  complaints: Complaints,
  seccomp: Step | undefined,
): Program | undefined {
  const { image } = root
  const asked = values.user ?? image.user
  const resolved = complaints.try('--user', () => resolveIdentity(asked ?? '0', root.view, user))
  if (!resolved) return undefined
  const more = values['group-add'].flatMap(
    (group) => complaints.try('--group-add', () => resolveUser(root.view, `${resolved.uid}:${group}`).gid) ?? [],
  )
  const identity = { ...resolved, groups: [...new Set([...resolved.groups, ...more])] }
  const env = envOf(values, image, {
    PATH: DEFAULT_PATH,
    HOSTNAME: hostname ?? hostsName(),
    TERM: mode.tty ? (ownVariable('TERM') ?? 'xterm') : undefined,
    HOME: identity.home,
  })
  const argv = argvOf(values, command, image)
  const sets = capabilitySets(capabilities.names, identity.uid)
  const from = (option: string, value: string | undefined, fromImage: string | undefined): string =>
    value !== undefined ? `${option} ${value}` : fromImage !== undefined ? 'the image' : 'default'
  return {
    argv: argv.length > 0 ? argv : [shell(root.view, env)],
    env,
    workdir: {
      path: values.workdir ?? image.workingDir ?? '/',
      origin: from('--workdir', values.workdir, image.workingDir),
    },
    identity,
    userOptions: {
      origin: from('--user', values.user, image.user),
      keepGroups: user?.how === 'self' || (!user && !privilegeOf().setgroups),
    },
    capabilities: sets,
    capabilitiesOrigin: capabilities.origin,
    noNewPrivileges: values['security-opt'].includes('no-new-privileges'),
    seccomp,
    rlimits,
    umask: values.umask,
    oomScoreAdj: values['oom-score-adj'],
    streams: streamsOf(identity, sets, user?.uidMap),
    terminal: mode.tty ? { uid: identity.uid, origin: '--tty' } : undefined,
    init: values.init ?? false,
  }
}

function resolveIdentity(spec: string, view: RootSource['view'], user: UserNamespace | undefined): ResolvedUser {
  const identity = resolveUser(view, spec)
  if (user && hostId(user.uidMap, identity.uid) === undefined) {
    throw invalid(`user ${quote(spec)} (uid ${identity.uid}) has no id in the container’s user namespace`, MORE_IDS)
  }
  if (user && hostId(user.gidMap, identity.gid) === undefined) {
    throw invalid(`the group of user ${quote(spec)} (gid ${identity.gid}) has no id in the user namespace`, MORE_IDS)
  }
  return identity
}

const MORE_IDS = 'only root (0) has one with --userns self; --userns auto maps the ids of /etc/subuid and /etc/subgid'

/** The user's shell, if it would run in this root; else the one that is everywhere. */
function shell(view: RootSource['view'], env: readonly Text[]): string {
  const own = process.env.SHELL
  if (!own?.startsWith('/') || typeof view !== 'number') return '/bin/sh'
  return diagnoseExec(view, own, { env }) === undefined ? own : '/bin/sh'
}
