import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

/** A dockerd of one's own. */
export interface Daemon {
  /** Run the docker client against it. */
  docker(args: readonly string[], input?: string): { status: number | null; stdout: string; stderr: string }
  /** With which a client finds it. */
  readonly env: NodeJS.ProcessEnv
  stop(): Promise<void>
}

const PARENT = 'rt-docker'
/** What rows ask for with --cgroup-parent; docker leaves it as well. */
const ASKED = 'rt-compare'
const CGROUPS = '/sys/fs/cgroup'
const START_MS = 30_000

/**
 * Start dockerd with everything of it in one folder: data, state, socket. It makes no bridge and touches no firewall;
 * its containers' cgroups are below /rt-docker. The caller is in mount, network and pid namespaces of its own, so that
 * whatever happens nothing of it outlives the caller.
 *
 * @throws Error with the end of its log if it does not come up
 */
export async function startDaemon(folder: string): Promise<Daemon> {
  for (const name of ['data', 'exec']) mkdirSync(join(folder, name))
  const socket = join(folder, 'docker.sock')
  const log = join(folder, 'dockerd.log')
  const fd = openSync(log, 'w')
  const daemon = spawn(
    'dockerd',
    [
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
      ...['--host', `unix://${socket}`, '--cgroup-parent', `/${PARENT}`],
      ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ],
    { stdio: ['ignore', fd, fd] },
  )
  await untilUp(daemon, socket, log)
  const env = { ...process.env, DOCKER_HOST: `unix://${socket}` }
  return {
    env,
    docker(args, input = '') {
      const options = { input, encoding: 'utf8', timeout: 30_000, env } as const
      const { status, stdout, stderr } = spawnSync('docker', args, options)
      return { status, stdout, stderr }
    },
    async stop() {
      daemon.kill()
      if (daemon.exitCode === null) await new Promise((resolve) => daemon.once('exit', resolve))
      removeGroups()
    },
  }
}

async function untilUp(daemon: ChildProcess, socket: string, log: string): Promise<void> {
  const deadline = Date.now() + START_MS
  for (;;) {
    const isUp = await new Promise<boolean>((resolve) => {
      const connection = connect(socket)
      connection.once('connect', () => resolve(true)).once('error', () => resolve(false))
      connection.once('close', () => connection.destroy())
      connection.end()
    })
    if (isUp) return
    if (daemon.exitCode !== null || Date.now() > deadline) {
      daemon.kill()
      throw new Error(`dockerd does not start:\n${readFileSync(log, 'utf8').slice(-2000)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The parent groups, which dockerd makes in every hierarchy and leaves. */
function removeGroups(): void {
  const places = [CGROUPS, ...readdirSync(CGROUPS).map((name) => join(CGROUPS, name))]
  for (const place of places) {
    for (const name of [PARENT, ASKED]) {
      const group = join(place, name)
      if (existsSync(group)) rmdirSync(group)
    }
  }
}
