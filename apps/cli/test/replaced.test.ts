// requires root; apps/cli/dist: sh tooling/bootstrap.sh cli. No Node stays beside a container
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { detectCgroups } from '@rt/cgroups'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { childrenOf, containerPid } from './container-pid.js'
import { CLI, rt, start } from './rt.js'

const parent = `/rt-replaced-${process.pid}`
const groups = () =>
  detectCgroups().hierarchies.flatMap(({ top }) =>
    top !== undefined && existsSync(top + parent) ? [top + parent] : [],
  )
const pss = (pid: number): number =>
  Number(/^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1])
const exe = (pid: number): string => readlinkSync(`/proc/${pid}/exe`)

/** Orphans wait for whoever takes them in. */
const isGone = (pid: number): boolean =>
  !existsSync(`/proc/${pid}`) || /\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))

describe('rt run', () => {
  beforeEach((context) => needs(context, 'root', 'busybox'))

  const limited = (...words: string[]) =>
    start(['run', '-i', '-m', '64m', '--cgroup-parent', parent, busyboxRoot(), ...words])

  it('becomes a supervisor of fewer than 200 KiB, which holds the streams, a log and what it watches', async () => {
    const container = limited('sh', '-c', 'echo up; cat')
    await container.says('up')
    const pid = container.child.pid as number
    const init = containerPid(pid)
    const [heir, ...others] = childrenOf(pid).filter((child) => child !== init)
    expect(others).toEqual([])
    for (const each of [pid, heir as number]) {
      expect(exe(each)).toBe('/memfd:rt (deleted)')
      expect(readFileSync(`/proc/${each}/comm`, 'latin1')).toBe('rt\n')
      // The two have one memory, and each shows the whole of it.
      expect(pss(each)).toBeLessThanOrEqual(200)
    }
    container.child.stdin?.end()
    expect(await container.exited).toEqual({ status: 0, signal: null })
    expect(groups()).toEqual([])
  })

  it.each(['supervisor', 'heir', 'init'])('SIGKILL for the %s leaves nothing', async (whom) => {
    const container = limited('sh', '-c', 'echo up; cat')
    await container.says('up')
    const pid = container.child.pid as number
    const init = containerPid(pid)
    const heir = childrenOf(pid).find((child) => child !== init) as number
    process.kill({ supervisor: pid, heir, init }[whom] as number, 'SIGKILL')
    await container.exited
    await expect.poll(groups).toEqual([])
    for (const each of [pid, heir, init]) await expect.poll(() => isGone(each)).toBe(true)
  })

  it('tells of a failed set-up as before: step, option, call, errno and hint', () => {
    const { status, stderr } = rt(['run', '-w', '/proc/self/cmdline', busyboxRoot(), 'true'])
    expect(status).toBe(125)
    expect(stderr).toMatch(
      /^rt: working directory \(--workdir \/proc\/self\/cmdline\): ENOTDIR: .*\n {2}openat2\(.*\n {2}hint: /,
    )
  })

  it('exits with 125 where the program does, and says nothing', () => {
    expect(rt(['run', busyboxRoot(), 'sh', '-c', 'exit 125'])).toMatchObject({ status: 125, stderr: '' })
  })

  it('a log of another container is told as what it is', () => {
    const folder = temporaryFolder('replaced')
    const root = join(folder, 'root')
    mkdirSync(root)
    const list = join(folder, 'list')
    writeFileSync(list, 'A=1\n')
    // What the options mean changes between the start and its failure: the file is a FIFO's, read once.
    spawnSync('mkfifo', [join(folder, 'fifo')])
    const script = `node -- "$0" run --env-file ${folder}/fifo -w /proc/self/cmdline ${busyboxRoot()} true & cat ${list} >${folder}/fifo; rm ${folder}/fifo; wait $!`
    const { status, stderr } = spawnSync('bash', ['-c', script, CLI], { encoding: 'utf8' })
    expect(status).toBe(125)
    expect(stderr).toMatch(/^rt: operation \d+ of the set-up: ENOTDIR\n {2}hint: which call that was can’t be said/)
    rmSync(folder, { recursive: true })
  })

  it('a variable alone doesn’t make it speak for a container', () => {
    const { status, stdout } = spawnSync(process.execPath, [CLI, 'run', busyboxRoot(), 'echo', 'hi'], {
      encoding: 'utf8',
      env: { ...process.env, RT_REPLACED: 'x' },
    })
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'hi\n' })
  })
})
