// A small OCI runtime: create, start, state, kill, delete. An engine drives it: podman --runtime ./runtime run …
// As root: npx tsx --tsconfig tsconfig.json examples/oci-runtime/runtime.ts create --bundle DIR ID
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { start } from '@rt/chroot'
import { create } from '@rt/program'
import { formatError, RtError, signalNumber } from '@rt/sys'
import { type Config, planOf } from './plan.js'

const text = { type: 'string' } as const
const options = { root: text, log: text, bundle: text, 'pid-file': text, 'console-socket': text } as const
const { values, positionals } = parseArgs({ allowPositionals: true, strict: false, options })
const [command = '', id = '', signal = 'SIGTERM'] = positionals
const option = (name: keyof typeof options): string | undefined => values[name] as string | undefined
/** Of a container: its state, the fifo at which init waits, and what is owed when it is gone. */
const at = (name: 'state.json' | 'fifo' | 'owed' | ''): string => resolve(option('root') ?? '/run/rt-example', id, name)

/** Is it still the process that was created? proc_pid_stat(5): fields 3 (state) and 22 (when it began). */
function beginOf(pid: number): string | undefined {
  if (!existsSync(`/proc/${pid}/stat`)) return undefined
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(/\) (?!.*\) )/s)
  return rest.startsWith('Z') ? undefined : rest.split(' ')[19]
}

function state() {
  if (!existsSync(at('state.json'))) throw new RtError('RT_NOT_FOUND', `container ${id} does not exist`)
  const { began, ...kept } = JSON.parse(readFileSync(at('state.json'), 'utf8'))
  return { ...kept, status: beginOf(kept.pid) !== began ? 'stopped' : existsSync(at('fifo')) ? 'created' : 'running' }
}

const commands: Record<string, () => Promise<void> | void> = {
  async create() {
    const bundle = resolve(option('bundle') ?? '.')
    const config = JSON.parse(readFileSync(`${bundle}/config.json`, 'utf8')) as Config
    const plan = planOf(config, id, bundle, at('fifo'))
    mkdirSync(dirname(at('')), { recursive: true, mode: 0o700 })
    // The folder is the lock on the name.
    mkdirSync(at(''), { mode: 0o700 })
    const { pid, owed } = await create(plan, { consoleSocket: option('console-socket') }).catch((error) => {
      rmSync(at(''), { recursive: true })
      throw error
    })
    writeFileSync(at('state.json'), JSON.stringify({ ociVersion: '1.2.0', id, pid, bundle, began: beginOf(pid) }))
    writeFileSync(at('owed'), owed(), { mode: 0o700 })
    if (option('pid-file')) writeFileSync(option('pid-file') as string, `${pid}`)
  },
  start: () => start(at('fifo')),
  state: () => console.log(JSON.stringify(state())),
  kill() {
    const { status, pid } = state()
    if (status === 'stopped') throw new RtError('RT_NOT_FOUND', 'container not running')
    process.kill(pid, signalNumber(Number(signal) || signal))
  },
  async delete() {
    if (values.force && state().status !== 'stopped') process.kill(state().pid, 'SIGKILL')
    while (values.force && state().status !== 'stopped') await new Promise((resolve) => setTimeout(resolve, 10))
    if (state().status !== 'stopped') throw new RtError('RT_BUSY', `container ${id} is not stopped`)
    spawnSync(at('owed'), { stdio: 'inherit' })
    rmSync(at(''), { recursive: true })
  },
}

try {
  const run = id === '' ? undefined : commands[command]
  if (!run) throw new RtError('RT_INVALID_OPTION', 'usage: create|start|state|kill|delete ID')
  await run()
} catch (error) {
  const line = JSON.stringify({ level: 'error', msg: formatError(error) })
  // What an engine shows is the last line of the log.
  if (option('log')) writeFileSync(option('log') as string, `${line}\n`, { flag: 'a' })
  console.error(formatError(error))
  process.exitCode = 1
}
