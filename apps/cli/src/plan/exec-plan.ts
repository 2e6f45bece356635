import { closeSync, constants, openSync } from 'node:fs'
import { joinGroupsOf } from '@rt/cgroups'
import {
  availableCapabilities,
  capabilities,
  closeDescriptors,
  diagnoseExec,
  exec,
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
import { ownVariable } from '../arguments/own-bytes.js'
import { homeEntry } from '../options/command.js'
import type { ExecValues } from '../options/exec.js'
import type { TerminalMode } from '../options/terminal.js'
import { capabilitySets } from '../options/user.js'
import { environment } from '../values/env.js'
import type { PreparedContainer } from './prepare.js'
import { neededForFilter, requestedFilter, seccompStep } from './seccomp-step.js'
import { streamsOf } from './streams.js'

/** The origin of what is read from the container. */
const THE_CONTAINERS = 'the container’s'

const EVERY_CAPABILITY = Object.keys(CAPABILITIES) as CapabilityName[]

/**
 * A second program for a running container: into its cgroups, its namespaces and its root, then as the container's own
 * program is, where the options say nothing else: its user and groups, its directory, its environment.
 *
 * @param given pid of any process of the container, as the host numbers it
 *   (undefined: what was given was none, and is complained about already)
 * @throws RtError with every complaint about the arguments
 */
export async function prepareExec(
  values: ExecValues,
  given: number | undefined,
  argv: readonly string[],
  mode: TerminalMode,
  complaints: Complaints,
): Promise<PreparedContainer> {
  const inspected = given === undefined ? undefined : complaints.try('PID', () => inspectContainer(given))
  const { pid, facts } = complaints.settled('exec', { pid: given, facts: inspected })
  const root = openSync(`/proc/${pid}/root`, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    const unprivileged = process.getuid?.() !== 0
    const { user: asked, workdir } = values
    const running = complaints.try('PID', () => inspectProgram(pid))
    const { program, identity, join, directory } = complaints.settled('exec', {
      program: running,
      identity: asked === undefined ? running?.identity : complaints.try('--user', () => resolveUser(root, asked)),
      join: complaints.try('PID', () =>
        joinContainer({ pid, namespaces: facts.namespaces, unprivileged, origin: `PID ${pid}` }),
      ),
      directory: complaints.try('--workdir', () =>
        workdir === undefined
          ? sameDirectory(running?.pid ?? pid, THE_CONTAINERS)
          : workingDirectory(workdir, { origin: `--workdir ${workdir}` }),
      ),
    })
    const userNamespace = facts.namespaces.includes('user')
    const names = values.privileged
      ? availableCapabilities(EVERY_CAPABILITY, { userNamespace }).capabilities
      : facts.bounding
    const sets = capabilitySets(names, identity.uid)
    const wanted = requestedFilter(values['security-opt'], {
      profile: facts.seccomp && !values.privileged ? 'builtin' : 'unconfined',
      origin: 'as the container has one',
    })
    const filtered = await complaints.tryAsync('--security-opt', () => seccompStep(wanted, names))
    const { filter } = complaints.settled('exec', { filter: filtered })
    const { noNewPrivileges: sealed } = facts
    const untilExecve = neededForFilter({ seccomp: filter.step, noNewPrivileges: sealed })
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
      capabilities(sets, values.privileged ? '--privileged' : THE_CONTAINERS, { untilExecve }),
      sealed && noNewPrivileges(THE_CONTAINERS),
      closeDescriptors(),
      filter.step,
      exec(argv, { env, origin: 'COMMAND', descriptorsClosed: true }),
    )
    return {
      plan,
      stopSignal: undefined,
      fds: {},
      warnings: filter.warnings,
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
  // Empty it is as good as missing, as for rt run.
  const given = [...values['env-file'].flat(), ...values.env].filter(
    ({ name, value }) => name !== 'HOME' || value !== '',
  )
  const own = inherited.filter(
    (entry) => nameOf(entry) !== 'HOME' || (values.user === undefined && entry.length > 'HOME='.length),
  )
  const hasHome = [...own.map(nameOf), ...given.map(({ name }) => name)].includes('HOME')
  const defaults: Text[] = [
    ...(hasHome ? [] : [homeEntry(home())]),
    ...(mode.tty ? [`TERM=${ownVariable('TERM') ?? 'xterm'}`] : []),
  ].filter((entry) => !given.some(({ name }) => name === nameOf(entry)))
  const replaced = new Set([...given.map(({ name }) => name), ...defaults.map(nameOf)])
  return [...own.filter((entry) => !replaced.has(nameOf(entry))), ...defaults, ...environment(given)]
}

const nameOf = (entry: Text): string => {
  const text = typeof entry === 'string' ? entry : textFromBytes(entry)
  return text.slice(0, text.indexOf('='))
}
