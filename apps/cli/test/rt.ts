import { type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The built CLI: what a user starts, after `--`: else Node takes --env-file, wherever it stands, for an option of its own.
 */
export const CLI = fileURLToPath(new URL('../dist/rt.js', import.meta.url))

if (!existsSync(CLI)) throw new Error('apps/cli/dist/rt.js is missing: sh tooling/bootstrap.sh cli')

/** A plain user; no account is needed. */
export const NOBODY = 65534

interface Result {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** Where it matters not, rt must not find a terminal: stdin is empty, and stdout and stderr are pipes. */
export function rt(args: readonly string[], options: SpawnSyncOptions & { input?: string } = {}): Result {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--', CLI, ...args], {
    input: '',
    timeout: 25_000,
    ...options,
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, SHELL: '/bin/sh', ...options.env },
    encoding: 'utf8',
  })
  return { status, signal, stdout: stdout ?? '', stderr: stderr ?? '' }
}

/** As a plain user who has no ids to map. */
export const rtAsNobody = (args: readonly string[], options: SpawnSyncOptions & { input?: string } = {}): Result =>
  rt(args, { ...options, uid: NOBODY, gid: NOBODY, env: { HOME: '/nonexistent', ...options.env } })

/** A running rt, to be talked to. */
export function start(args: readonly string[], options: { cwd?: string; uid?: number; gid?: number } = {}) {
  const child = spawn(process.execPath, ['--', CLI, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined },
    ...options,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = new Promise<{ status: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal }))
  })
  /** Until stdout has this text. */
  const says = async (text: string): Promise<void> => {
    while (!stdout.includes(text)) {
      if (child.exitCode !== null)
        throw new Error(`rt ended without saying ${JSON.stringify(text)}: ${stdout}${stderr}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return { child, exited, says, output: () => ({ stdout, stderr }) }
}

/** What a container could leave on the machine: mounts, and cgroups below this name in any hierarchy. */
export const traces = (group = 'rt'): string[] => [
  ...readFileSync('/proc/self/mountinfo', 'utf8').split('\n'),
  ...readdirSync('/sys/fs/cgroup')
    .filter((hierarchy) => existsSync(`/sys/fs/cgroup/${hierarchy}/${group}`))
    .map((hierarchy) => `${hierarchy}/${group}`),
]
