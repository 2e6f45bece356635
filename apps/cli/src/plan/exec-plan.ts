import { closeSync, constants, openSync } from 'node:fs'
import { joinGroupsOf } from '@rt/cgroups'
import {
  availableCapabilities,
  capabilities,
  closeDescriptors,
  diagnoseExec,
  exec,
  init,
  inspectContainer,
  joinContainer,
  newSession,
  noNewPrivileges,
  resolveUser,
  type Text,
  terminal,
  user,
  workingDirectory,
} from '@rt/chroot'
import { sequence } from '@rt/program'
import { CAPABILITIES, type CapabilityName } from '@rt/sys'
import type { Complaints } from '../arguments/complaints.js'
import type { ExecValues } from '../options/exec.js'
import type { TerminalMode } from '../options/terminal.js'
import { capabilitySets } from '../options/user.js'
import { environment } from '../values/env.js'
import type { PreparedContainer } from './prepare.js'
import { neededForFilter, seccompStep, seccompWish } from './seccomp-step.js'

const EVERY_CAPABILITY = Object.keys(CAPABILITIES) as CapabilityName[]

/**
 * A second program for a running container: into its cgroups, its namespaces and its root, then as `run`.
 *
 * @param pid of any process of the container, as the host numbers it
 *   (undefined: what was given was none, and is complained about already)
 * @throws RtError with every complaint about the arguments
 */
export async function prepareExec(
  values: ExecValues,
  pid: number | undefined,
  argv: readonly string[],
  mode: TerminalMode,
  complaints: Complaints,
): Promise<PreparedContainer> {
  const facts = pid === undefined ? undefined : complaints.try('PID', () => inspectContainer(pid))
  complaints.throwIfAny('exec')
  if (pid === undefined || !facts) throw new Error('a complaint was lost')
  const root = openSync(`/proc/${pid}/root`, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    const unprivileged = process.getuid?.() !== 0
    const identity = complaints.try('--user', () => resolveUser(root, values.user ?? '0'))
    const join = complaints.try('PID', () =>
      joinContainer({ pid, namespaces: facts.namespaces, unprivileged, origin: `PID ${pid}` }),
    )
    const cwd = values.workdir ?? '/'
    const directory = complaints.try('--workdir', () => workingDirectory(cwd, { origin: `--workdir ${cwd}` }))
    complaints.throwIfAny('exec')
    if (!identity || !join || !directory) throw new Error('a complaint was lost')
    const userNamespace = facts.namespaces.includes('user')
    const names = values.privileged
      ? availableCapabilities(EVERY_CAPABILITY, { userNamespace }).capabilities
      : facts.bounding
    const wish = seccompWish(values['security-opt'], {
      profile: facts.seccomp && !values.privileged ? 'builtin' : 'unconfined',
      origin: 'as the container has one',
    })
    const filter = await complaints.tryAsync('--security-opt', () => seccompStep(wish, names))
    complaints.throwIfAny('exec')
    if (!filter) throw new Error('a complaint was lost')
    const { noNewPrivileges: sealed } = facts
    const sets = capabilitySets(names, identity.uid)
    const untilExecve = neededForFilter({ seccomp: filter.step, noNewPrivileges: sealed })
    const env = execEnvironment(values, facts.env, identity.home, mode)
    const plan = sequence(
      joinGroupsOf(pid, 'default'),
      join,
      directory,
      mode.tty ? terminal({ uid: identity.uid, console: false, origin: '--tty' }) : newSession(),
      user(identity, { origin: values.user === undefined ? 'default' : `--user ${values.user}` }),
      capabilities(sets, values.privileged ? '--privileged' : 'the container’s', { untilExecve }),
      sealed && noNewPrivileges('the container’s'),
      // Only a child is in the pid namespace that a plain user can join.
      unprivileged && init({ terminal: mode.tty, capabilities: sets }),
      closeDescriptors(),
      filter.step,
      exec(argv, { env, origin: 'COMMAND', descriptorsClosed: true }),
    )
    return {
      plan,
      stopSignal: undefined,
      warnings: filter.warnings,
      diagnose: () => diagnoseExec(root, argv[0] as Text, { env, cwd, origin: 'COMMAND' }),
      close: () => closeSync(root),
    }
  } catch (error) {
    closeSync(root)
    throw error
  }
}

/** The container's own variables, with the home of the user who is asked for, and what -e sets. */
function execEnvironment(values: ExecValues, inherited: readonly Text[], home: Text, mode: TerminalMode): Text[] {
  const given = [...values['env-file'].flat(), ...values.env]
  const homeEntry = typeof home === 'string' ? `HOME=${home}` : Buffer.concat([Buffer.from('HOME='), home])
  const defaults: Text[] = [homeEntry, ...(mode.tty ? [`TERM=${process.env.TERM ?? 'xterm'}`] : [])]
  const replaced = new Set([...given.map(({ name }) => name), ...defaults.map(nameOf)])
  return [
    ...inherited.filter((entry) => !replaced.has(nameOf(entry))),
    ...defaults.filter((entry) => !given.some(({ name }) => name === nameOf(entry))),
    ...environment(given),
  ]
}

const nameOf = (entry: Text): string => {
  const text = Buffer.from(entry).toString()
  return text.slice(0, text.indexOf('='))
}
