import { closeSync, constants, openSync } from 'node:fs'
import { joinGroupsOf } from '@rt/cgroups'
import {
  availableCapabilities,
  capabilities,
  diagnoseExec,
  exec,
  init,
  inspectContainer,
  inspectProgram,
  joinContainer,
  newSession,
  noNewPrivileges,
  resolveUser,
  sameDirectory,
  sessionKeyring,
  standardStreams,
  type Text,
  terminal,
  umask,
  user,
  workingDirectory,
} from '@rt/chroot'
import { sequence } from '@rt/program'
import { CAPABILITIES, type CapabilityName, textFromBytes } from '@rt/sys'
import type { Complaints } from '../arguments/complaints.js'
import { homeEntry } from '../options/command.js'
import type { ExecValues } from '../options/exec.js'
import type { TerminalMode } from '../options/terminal.js'
import { capabilitySets } from '../options/user.js'
import { environment } from '../values/env.js'
import type { PreparedContainer } from './prepare.js'
import { streamsOf } from './streams.js'

/** The origin of what is read from the container. */
const THE_CONTAINERS = 'the container’s'

const EVERY_CAPABILITY = Object.keys(CAPABILITIES) as CapabilityName[]

/**
 * A second program for a running container: into its cgroups, its namespaces and its root, then as the container's own
 * program is, where the options say nothing else: its user and groups, its directory, its environment.
 *
 * @param pid of any process of the container, as the host numbers it
 *   (undefined: what was given was none, and is complained about already)
 * @throws RtError with every complaint about the arguments
 */
export function prepareExec(
  values: ExecValues,
  pid: number | undefined,
  argv: readonly string[],
  mode: TerminalMode,
  complaints: Complaints,
): PreparedContainer {
  const facts = pid === undefined ? undefined : complaints.try('PID', () => inspectContainer(pid))
  complaints.throwIfAny('exec')
  if (pid === undefined || !facts) throw new Error('a complaint was lost')
  const root = openSync(`/proc/${pid}/root`, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    const unprivileged = process.getuid?.() !== 0
    const { user: asked, workdir } = values
    const program = complaints.try('PID', () => inspectProgram(pid))
    const identity = asked === undefined ? program?.identity : complaints.try('--user', () => resolveUser(root, asked))
    const join = complaints.try('PID', () =>
      joinContainer({ pid, namespaces: facts.namespaces, unprivileged, origin: `PID ${pid}` }),
    )
    const directory = complaints.try('--workdir', () =>
      workdir === undefined
        ? sameDirectory(program?.pid ?? pid, THE_CONTAINERS)
        : workingDirectory(workdir, { origin: `--workdir ${workdir}` }),
    )
    complaints.throwIfAny('exec')
    if (!program || !identity || !join || !directory) throw new Error('a complaint was lost')
    const userNamespace = facts.namespaces.includes('user')
    const names = values.privileged
      ? availableCapabilities(EVERY_CAPABILITY, { userNamespace }).capabilities
      : facts.bounding
    const sets = capabilitySets(names, identity.uid)
    const env = execEnvironment(values, program.env, () => resolveUser(root, asked ?? `${identity.uid}`).home, mode)
    const plan = sequence(
      !mode.tty && standardStreams(streamsOf(identity, sets, program.uidMap)),
      joinGroupsOf(pid, 'default'),
      join,
      directory,
      mode.tty ? terminal({ uid: identity.uid, console: false, origin: '--tty' }) : newSession(),
      umask(),
      sessionKeyring(),
      user(identity, {
        origin: asked === undefined ? THE_CONTAINERS : `--user ${asked}`,
        keepGroups: facts.setgroupsDenied,
      }),
      capabilities(sets, values.privileged ? '--privileged' : THE_CONTAINERS),
      facts.noNewPrivileges && noNewPrivileges(THE_CONTAINERS),
      // Only a child is in the pid namespace that a plain user can join.
      unprivileged && init({ terminal: mode.tty }),
      exec(argv, { env, origin: 'COMMAND' }),
    )
    return {
      plan,
      stopSignal: undefined,
      warnings: [],
      foresee: () => undefined,
      diagnose: () => diagnoseExec(root, argv[0] as Text, { env, cwd: workdir ?? program.cwd, origin: 'COMMAND' }),
      close: () => closeSync(root),
    }
  } catch (error) {
    closeSync(root)
    throw error
  }
}

/** The container's own variables; the home of a user who is asked for, or where it has none; and what -e sets. */
function execEnvironment(values: ExecValues, inherited: readonly Text[], home: () => Text, mode: TerminalMode): Text[] {
  const given = [...values['env-file'].flat(), ...values.env]
  const isGiven = (entry: Text) => given.some(({ name }) => name === nameOf(entry))
  const hasHome = inherited.some((entry) => nameOf(entry) === 'HOME')
  const defaults: Text[] = [
    ...(values.user === undefined && hasHome ? [] : [homeEntry(home())]),
    ...(mode.tty ? [`TERM=${process.env.TERM ?? 'xterm'}`] : []),
  ].filter((entry) => !isGiven(entry))
  const replaced = new Set(defaults.map(nameOf))
  return [
    ...inherited.filter((entry) => !isGiven(entry) && !replaced.has(nameOf(entry))),
    ...defaults,
    ...environment(given),
  ]
}

const nameOf = (entry: Text): string => {
  const text = typeof entry === 'string' ? entry : textFromBytes(entry)
  return text.slice(0, text.indexOf('='))
}
