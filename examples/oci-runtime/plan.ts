// From OCI's config.json to a plan: what an engine's containers need, and no more (no user namespaces, two limits).
import { resolve } from 'node:path'
import { join } from '@rt/cgroups'
import * as chroot from '@rt/chroot'
import * as mountns from '@rt/mountns'
import { hostProgram, PID_HERE, type Plan, type Step, sequence } from '@rt/program'
import { type SeccompProfile, seccomp } from '@rt/seccomp'

type Hook = { path: string; args?: string[]; env?: string[]; timeout?: number }
type User = { uid: number; gid: number; additionalGids?: number[]; umask?: number }
type Program = { args: string[]; env?: string[]; cwd: string; terminal?: boolean; user: User }
type Confined = {
  capabilities?: chroot.CapabilitySets
  rlimits?: { type: chroot.Rlimit['name']; soft: number; hard: number }[]
  noNewPrivileges?: boolean
}
type Linux = {
  namespaces: { type: string; path?: string }[]
  cgroupsPath: string
  resources?: { memory?: { limit?: number }; pids?: { limit?: number } }
  maskedPaths?: string[]
  readonlyPaths?: string[]
  seccomp?: SeccompProfile
}
/** The part of config.json that is looked at. */
export type Config = { hostname?: string; mounts?: mountns.Mount[]; process: Program & Confined; linux: Linux } & {
  root: { path: string; readonly?: boolean }
  hooks?: { createRuntime?: Hook[] }
}

export function planOf(config: Config, id: string, bundle: string, fifo: string): Plan {
  const { process, linux, root, mounts = [], hostname } = config
  const { user, capabilities = [], rlimits = [] } = process
  const limits = { memory: { max: linux.resources?.memory?.limit }, pids: { max: linux.resources?.pids?.limit } }
  const kinds = linux.namespaces.map(({ type, path }) => [type === 'network' ? 'net' : type, path ?? true] as const)
  const joined = kinds.filter(([, path]) => path !== true)
  return sequence(
    mountns.namespaces(Object.fromEntries(kinds.filter(([, path]) => path === true))),
    joined.length > 0 && mountns.joinNamespaces(Object.fromEntries(joined)),
    hostname ? chroot.hostname(hostname) : null,
    join(resolve('/', linux.cgroupsPath), limits),
    chroot.root(mountns.directoryTree(resolve(bundle, root.path)), [
      mounts.map((mount, index) =>
        // With what the spec calls default devices, and the links beside them.
        mount.destination === '/dev' ? [mountns.dev(), mountns.nullStreams()] : mountns.mount({ ...mount, index }),
      ),
      mountns.maskedPaths(linux.maskedPaths ?? []),
      mountns.readonlyPaths(linux.readonlyPaths ?? []),
    ]),
    hooks(config.hooks ?? {}, id, bundle),
    chroot.workingDirectory(process.cwd),
    root.readonly && mountns.readonlyRoot(),
    process.terminal ? chroot.terminal({ uid: user.uid }) : chroot.newSession(),
    chroot.rlimits(rlimits.map(({ type, ...limit }) => ({ name: type, ...limit }))),
    chroot.umask(user.umask),
    chroot.sessionKeyring(),
    chroot.user({ uid: user.uid, gid: user.gid, groups: user.additionalGids ?? [] }),
    chroot.capabilities(capabilities, '', { untilExecve: process.noNewPrivileges ? [] : ['CAP_SYS_ADMIN'] }),
    process.noNewPrivileges && chroot.noNewPrivileges(),
    chroot.awaitStart(fifo),
    chroot.closeDescriptors({ parentDeathSignal: 0, waitFor: chroot.START }),
    linux.seccomp && seccomp(linux.seccomp),
    chroot.exec(process.args, { env: process.env ?? [], descriptorsClosed: true }),
  )
}

/** While init waits in its new namespaces, before the root is changed: config.md, "POSIX-platform Hooks". */
function hooks({ createRuntime = [] }: NonNullable<Config['hooks']>, id: string, bundle: string): Step {
  const state = JSON.stringify({ ociVersion: '1.2.0', id, status: 'creating', pid: PID_HERE, bundle })
  const stdin = state.replace(JSON.stringify(PID_HERE), PID_HERE)
  const host = createRuntime.flatMap(({ path, args = [path], env = [], timeout = 10 }, i) =>
    hostProgram({ name: `hook ${i} ${path}`, file: path, argv: args, env, stdin, timeoutMs: timeout * 1000 }),
  )
  return { name: 'hooks', why: 'the engine’s part', meets: [{ at: 'init.pivot', host }] }
}
