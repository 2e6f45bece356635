// requires a POSIX shell; root for the test that makes a PID namespace
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { needs } from '../fixtures/index.js'
import { describeLeaks, machineState } from '../vitest/machine-state.js'
import { leftoverProcesses } from '../vitest/processes.js'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

describe('the leak check', () => {
  it('says what is left and what is gone, by kind, counting repeats', () => {
    const before = { mount: ['a', 'b'], process: ['1 x'] }
    const after = { mount: ['a', 'a'], process: ['2 y'] }
    expect(describeLeaks(before, after)).toEqual(['mount left: a', 'mount gone: b', 'process left: 2 y'])
    expect(describeLeaks(before, { ...before })).toEqual([])
  })

  it('finds a file left in the temporary folder', () => {
    const before = machineState('RT_TEST_RUN=none')
    const folder = mkdtempSync(join(tmpdir(), 'rt-leak-check-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    expect(describeLeaks(before, machineState('RT_TEST_RUN=none'))).toContain(`temporary file left: ${folder}`)
  })

  it('finds a process of the run whose parent has left', async () => {
    const marker = `RT_TEST_RUN=${process.pid}-leak-check-test`
    // The shell exits at once; its child is adopted by init, and only its environment tells where it came from.
    const shell = spawn('sh', ['-c', 'sleep 60 & echo $!'], {
      env: { PATH: process.env.PATH, RT_TEST_RUN: marker.slice('RT_TEST_RUN='.length) },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const pid = Number(await new Promise<string>((resolve) => shell.stdout.once('data', (d) => resolve(String(d)))))
    cleanups.push(() => process.kill(pid, 'SIGKILL'))
    await expect.poll(() => leftoverProcesses(marker).join()).toMatch(new RegExp(`^${pid} .*\\(sleep 60\\)$`))
    expect(leftoverProcesses('RT_TEST_RUN=another').filter((line) => line.startsWith(`${pid} `))).toEqual([])
  })

  it('finds a container without its supervisor, and leaves alone one that has it', async (context) => {
    needs(context, 'root')
    // Without our environment, as a container has its own.
    const supervisor = spawn('unshare', ['--pid', '--fork', 'sleep', '60'], { env: { PATH: process.env.PATH } })
    const children = `/proc/${supervisor.pid}/task/${supervisor.pid}/children`
    await expect.poll(() => readFileSync(children, 'utf8')).toMatch(/\d/)
    const container = readFileSync(children, 'utf8').trim()
    const found = () => leftoverProcesses('RT_TEST_RUN=another').filter((line) => line.startsWith(`${container} `))
    expect(found()).toEqual([])
    cleanups.push(() => process.kill(Number(container), 'SIGKILL'))
    supervisor.kill('SIGKILL')
    await expect.poll(found).toEqual([expect.stringContaining('(sleep 60)')])
  })
})
