import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { parseMountinfo } from '@rt/sys'
import { attacker } from '../fixtures/index.js'
import type { Seen } from './aspect.js'

/** How one of the two is started: the words before the options of `run`, and those after. */
export interface Starter {
  readonly words: readonly string[]
  readonly root: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** His stdout and stderr are a pipe (of Node's own, a socket pair). */
const CALLER = 'umask 077; "$0" "$@" 2>&1 | cat'

/**
 * Look at default containers: from a caller who has a key in his session keyring and a umask of 0077.
 *
 * @throws Error if it takes too long, or is not one container
 */
export async function look({ words, root, env }: Starter): Promise<Seen> {
  const plant = [attacker('read-keyrings'), 'plant', 'rt-caller', 'secret']
  const commandLine = (script: string, options: readonly string[]): [string, string[]] => [
    'sh',
    ['-c', CALLER, ...plant, ...words, ...options, ...root, 'sh', '-c', script],
  ]
  const inside = (script: string, ...options: string[]): string => {
    const [program, args] = commandLine(script, options)
    const { stdout, stderr, error } = spawnSync(program, args, { input: '', encoding: 'utf8', env, timeout: 30_000 })
    if (error) throw new Error(`${args.join(' ')}: ${error.message} ${stderr}`)
    return stdout
  }
  const [program, args] = commandLine('echo ready; cat', ['-i'])
  const running = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(running, 'close')
  try {
    await Promise.race([once(running.stdout, 'data'), closed])
    return {
      inside,
      mounts: parseMountinfo(inside('cat /proc/self/mountinfo')),
      hostDevices: new Set(parseMountinfo(readFileSync('/proc/self/mountinfo')).map(({ device }) => device)),
      callersNamespaces: new Set(readdirSync('/proc/self/ns').map((name) => readlinkSync(`/proc/self/ns/${name}`))),
      groups: {
        own: readFileSync(`/proc/${firstProcess()}/cgroup`, 'utf8'),
        callers: readFileSync('/proc/self/cgroup', 'utf8'),
      },
    }
  } finally {
    running.stdin.end()
    await closed
  }
}

/** The pid of the only process 1 of a pid namespace below the caller's. */
function firstProcess(): string {
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isFirst(name))
  if (found.length !== 1) throw new Error(`expected one container, got ${found.length}`)
  return found[0] as string
}

function isFirst(pid: string): boolean {
  try {
    return /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}
