// requires root, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { start } from './rt.js'

beforeEach((context) => needs(context, 'root'))

const TRAP = 'trap "echo got $S; exit 3" $S; echo ready; while :; do sleep 0.05; done'

/** Two of the same at once would be one to the kernel: the process has taken what it was sent. */
const taken = (pid: number | undefined) =>
  expect
    .poll(() => readFileSync(`/proc/${pid}/status`, 'latin1').match(/^S(?:ig|hd)Pnd:\t0+$/gm), { interval: 5 })
    .toHaveLength(2)

describe('signals', () => {
  it.each(['INT', 'TERM', 'HUP', 'QUIT', 'USR1', 'USR2'] as const)('SIG%s goes to the container', async (name) => {
    const { child, exited, says, output } = start(['run', '-e', `S=${name}`, '--', 'sh', '-c', TRAP])
    await says('ready\n')
    child.kill(`SIG${name}`)
    expect(await exited).toEqual({ status: 3, signal: null })
    expect(output().stdout).toBe(`ready\ngot ${name}\n`)
  })

  it('--stop-signal is what a SIGTERM becomes', async () => {
    const { child, exited, says } = start([
      'run',
      '--stop-signal',
      'USR1',
      '--',
      'sh',
      '-c',
      'trap "exit 9" USR1; echo ready; while :; do sleep 0.05; done',
    ])
    await says('ready\n')
    child.kill('SIGTERM')
    expect(await exited).toEqual({ status: 9, signal: null })
  })

  it('the third SIGINT ends a program that ignores it; the second says so', async () => {
    const { child, exited, says, output } = start(['run', '--', 'sh', '-c', 'echo ready; sleep 100'])
    await says('ready\n')
    const warned = new Promise((resolve) => child.stderr.once('data', resolve))
    child.kill('SIGINT')
    await taken(child.pid)
    child.kill('SIGINT')
    await warned
    expect(output().stderr).toBe(
      'rt: still running: process 1 of a container ignores signals that it does not handle (--init does); ' +
        'once more kills it\n',
    )
    child.kill('SIGINT')
    expect(await exited).toEqual({ status: 137, signal: null })
  })

  it('--init passes them on, and the program ends by them', async () => {
    const { child, exited, says } = start(['run', '--init', '--', 'sh', '-c', 'echo ready; sleep 100'])
    await says('ready\n')
    child.kill('SIGTERM')
    expect(await exited).toEqual({ status: 143, signal: null })
  })

  it('a SIGKILL to rt takes the container with it', async () => {
    const { child, exited, says, output } = start([
      'run',
      '--pid',
      'host',
      '--',
      'sh',
      '-c',
      'echo $$ ready; exec sleep 1000',
    ])
    await says('ready\n')
    const pid = Number.parseInt(output().stdout, 10)
    child.kill('SIGKILL')
    expect(await exited).toEqual({ status: null, signal: 'SIGKILL' })
    const deadline = Date.now() + 5_000
    const isAlive = () => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    while (isAlive() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isAlive()).toBe(false)
  })
})
