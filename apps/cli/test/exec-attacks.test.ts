// requires root, busybox, gcc, and apps/cli/dist: a container that waits for those who come into it
import { copyFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { attacker, busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { containerPid } from './container-pid.js'
import { rt, start } from './rt.js'

/** What the attacker looks for below /tmp of any root that is not its own. */
const MARK = '/tmp/rt-mark-of-the-host'
const ROUNDS = 100

let container: ReturnType<typeof start> | undefined
let output = ''

async function hostile(options: readonly string[], ...args: string[]): Promise<number> {
  const root = busyboxRoot()
  copyFileSync(attacker('meet-joiners'), join(root, 'bin/meet-joiners'))
  container = start(['run', ...options, root, 'meet-joiners', ...args])
  output = ''
  container.child.stdout?.on('data', (bytes: Buffer) => {
    output += bytes
  })
  await container.says('ready\n')
  return containerPid(container.child.pid as number)
}

/** undefined of a process that has just ended, or may not be looked at */
const namespaceOf = (pid: string): string | undefined => {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch (error) {
    if (!['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return undefined
  }
}

beforeEach((context) => {
  needs(context, 'root', 'busybox', 'gcc')
  writeFileSync(MARK, '', { flag: 'a' })
})
afterEach(async () => {
  container?.child.kill('SIGKILL')
  await container?.exited
  rmSync(MARK, { force: true })
})

describe('who enters a running container', () => {
  it.each<[string, string[]]>([
    ['with the default capabilities', []],
    ['with SYS_PTRACE', ['--cap-add', 'SYS_PTRACE']],
    ['with SYS_PTRACE and no filter', ['--cap-add', 'SYS_PTRACE', '--security-opt', 'seccomp=unconfined']],
  ])(
    'holds nothing of the host that the container could get at (%s)',
    async (_, options) => {
      const pid = await hostile(options)
      for (let i = 0; i < ROUNDS; i++) expect(rt(['exec', String(pid), 'true']).status).toBe(0)
      // It was met, or the test would show nothing.
      await expect.poll(() => output, { timeout: 10_000 }).toMatch(/seen/)
      expect(output.split('\n').filter((line) => /^(root|cwd|net|fd) /.test(line))).toEqual([])
    },
    120_000,
  )

  it('is given up where the container stops it, within ten seconds, and leaves nobody', async () => {
    const pid = await hostile([], 'stop')
    const namespace = readlinkSync(`/proc/${pid}/ns/pid`)
    // It has some hundred microseconds to meet the one that comes in: on a busy machine not every time.
    let { status, stderr } = rt(['exec', String(pid), 'true'])
    for (let i = 0; i < 30 && status === 0; i++) ({ status, stderr } = rt(['exec', String(pid), 'true']))
    expect(status).toBe(125)
    expect(stderr).toMatch(/not executed within 10 seconds\n {2}hint: somebody in the container may have stopped/)
    const inside = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && namespaceOf(name) === namespace)
    expect(inside).toEqual([String(pid)])
  }, 60_000)
})
