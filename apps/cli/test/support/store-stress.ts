import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLI } from '../rt.js'

/** What a run of rt came to. */
export interface Ended {
  readonly args: readonly string[]
  readonly code: number | null
  readonly stderr: string
}

function begin(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--', CLI, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined },
  })
  let stderr = ''
  child.stderr?.on('data', (text: Buffer) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]) => ({ args, code: code as number | null, stderr }))
  return { child, ended }
}

/** Runs rt to its end, without keeping this process from answering as a registry. */
export const run = (args: readonly string[]): Promise<Ended> => begin(args).ended

/** Kills rt (SIGKILL) after some ms, if it has not ended by then. */
export async function killedAfter(milliseconds: number, args: readonly string[]): Promise<Ended> {
  const { child, ended } = begin(args)
  const killing = sleep(milliseconds).then(() => child.kill('SIGKILL'))
  const result = await ended
  await killing
  return result
}

/** The same in a program that is no rt. */
export function other(program: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (text: Buffer) => {
    stderr += text
  })
  return once(child, 'close').then(([code]) => ({ args: [program, ...args], code: code as number | null, stderr }))
}
