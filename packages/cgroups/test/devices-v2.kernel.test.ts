// requires root, a cgroup v2 hierarchy (a hybrid host's will do), CONFIG_CGROUP_BPF: device programs are attached
import { run } from '@rt/program'
import { beforeEach, describe, expect, it } from 'vitest'
import { type CgroupHost, DEFAULT_DEVICES, type DeviceRule, detectCgroups, join } from '../src/index.js'
import { ended, temporaryGroup, uniquePath, waitingShell, whyNot } from './machine.js'
import { shell } from './plans.js'

const here = detectCgroups()
/** The v2 hierarchy alone, so that v1's devices controller doesn't take part. */
const host: CgroupHost = { ...here, mode: 'v2', hierarchies: here.hierarchies.filter(({ version }) => version === 2) }

const allow = (type: 'b' | 'c', major: number, minor: number, access: string): DeviceRule => ({
  allow: true,
  type,
  major,
  minor,
  access,
})
const nothing: DeviceRule = { allow: false, type: 'a', access: 'rwm' }

/** Says of each attempt whether the kernel let it. */
const ATTEMPTS = ['</dev/null', '>/dev/null', '</dev/zero', '>/dev/zero', '</dev/full', '</dev/kmsg']
const SCRIPT = `exec 2>&1; for d in ${ATTEMPTS.map((each) => `"${each}"`).join(' ')}; do
  (eval "true $d") >/tmp/rt-out-$$ 2>&1 && echo "yes $d" || echo "no $d"; done; rm -f /tmp/rt-out-$$`
const answers = (...allowed: string[]) =>
  ATTEMPTS.map((each) => `${allowed.includes(each) ? 'yes' : 'no'} ${each}\n`).join('')

beforeEach((context) => {
  const reason = host.hierarchies.length === 0 ? 'needs a cgroup v2 hierarchy' : whyNot(host, 2)
  if (reason) context.skip(reason)
})

describe('devices of v2', () => {
  it('are what a program allows, and another one when it is set anew', async () => {
    const group = temporaryGroup('bpf', host)
    const attempt = async () => {
      const process = waitingShell(SCRIPT)
      await group.add(process.pid)
      process.go()
      return (await ended(process)).stdout
    }
    await group.create({ devices: [nothing, allow('c', 1, 3, 'rw'), allow('c', 1, 5, 'r')] })
    expect(await attempt()).toBe(answers('</dev/null', '>/dev/null', '</dev/zero'))
    await group.set({ devices: [nothing, allow('c', 1, 7, 'r')] })
    expect(await attempt()).toBe(answers('</dev/full'))
    // What the first program denied is allowed now: it has been detached.
    await group.set({ devices: [{ allow: true, type: 'a', access: 'rwm' }] })
    expect(await attempt()).toBe(answers(...ATTEMPTS))
  })

  it('Docker’s default passes the kernel’s verifier and denies the kernel log', async () => {
    const group = temporaryGroup('docker', host)
    await group.create({ devices: DEFAULT_DEVICES })
    const process = waitingShell(SCRIPT)
    await group.add(process.pid)
    process.go()
    expect((await ended(process)).stdout).toBe(
      answers('</dev/null', '>/dev/null', '</dev/zero', '>/dev/zero', '</dev/full'),
    )
  })

  it('are limited by a step too, without Node', async () => {
    const step = join(uniquePath('bpf-step'), { devices: [nothing, allow('c', 1, 3, 'r')] }, { host })
    const container = await run(shell(SCRIPT, [step]), { stdio: ['null', 'pipe', 'inherit'] })
    let text = ''
    container.stdout?.on('data', (bytes: Buffer) => {
      text += bytes
    })
    await container.exited
    await expect.poll(() => text).toBe(answers('</dev/null'))
  })

  it('may be many, but not more than the kernel can verify', async () => {
    const group = temporaryGroup('many', host)
    const rules = (count: number) => Array.from({ length: count }, (_, minor) => allow('c', 250, minor, 'rw'))
    await group.create({ devices: [nothing, ...rules(200), allow('c', 1, 3, 'w')] })
    const process = waitingShell(SCRIPT)
    await group.add(process.pid)
    process.go()
    expect((await ended(process)).stdout).toBe(answers('>/dev/null'))
    await expect(group.set({ devices: rules(501) })).rejects.toMatchObject({
      code: 'RT_UNSUPPORTED',
      complaints: [{ path: 'devices', message: expect.stringContaining('at most 500 rules') }],
    })
  })
})
