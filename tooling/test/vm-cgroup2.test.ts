// requires: qemu-system-x86_64, apt-get (with a network on the first run), cpio, busybox; x86-64; no KVM
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, type TestContext } from 'vitest'
import { V2_CHECKS } from '../../packages/cgroups/test/v2-suite.js'
import { busyboxRoot, needs } from '../fixtures/index.js'
import { runInVm, type VmResult } from '../vm/run-in-vm.js'

const dockersSequence = fileURLToPath(new URL('guest/container.ts', import.meta.url))
const cgroupsSuite = fileURLToPath(new URL('../../packages/cgroups/test/v2-vm.ts', import.meta.url))

function needsVm(context: TestContext): void {
  needs(context, 'qemu-system-x86_64', 'apt-get', 'cpio', 'busybox')
  if (process.arch !== 'x64') context.skip('needs x86-64: the guest runs this machine’s node')
}

const time = { timeout: 270_000 }
const guestTime = 240_000

describe('on Linux 6.1 with cgroup v2 alone', () => {
  it('Docker’s sequence runs, under its limits', time, async (context) => {
    needsVm(context)
    const { status, output, kernelLog } = await runInVm({
      script: dockersSequence,
      folders: { '/busybox': busyboxRoot() },
      timeout: guestTime,
    })
    expect({ status, output, kernelLog }).toEqual({
      status: 0,
      output: [
        '1 inside',
        '0::/',
        '8',
        String(64 * 2 ** 20),
        '50000 100000',
        "sh: can't fork: Resource temporarily unavailable",
        '{"code":3} no group left',
        '',
      ].join('\n'),
      kernelLog: expect.stringContaining('reboot: Power down'),
    })
  })

  describe('@rt/cgroups', () => {
    let result: Promise<VmResult> | undefined

    /** One machine for all checks. */
    const suite = (context: TestContext): Promise<VmResult> => {
      needsVm(context)
      result ??= runInVm({
        script: cgroupsSuite,
        // The users of the check that is a plain user's.
        folders: { '/etc': join(busyboxRoot(), 'etc') },
        timeout: guestTime,
      })
      return result
    }

    it.for(V2_CHECKS.map(({ name }) => name))('%s', time, async (name, context) => {
      const { output, kernelLog } = await suite(context)
      const start = output.split('\n').findIndex((line) => line.includes(` - ${name}`))
      const line = output.split('\n')[start]
      if (line === undefined) expect.fail(`the machine stopped before this check:\n${output}\n${kernelLog}`)
      const [, reason] = line.split('# SKIP ')
      if (reason !== undefined) context.skip(reason)
      if (line.startsWith('ok ')) return
      const details = output.split('\n').slice(start + 1)
      const end = details.findIndex((each) => !each.startsWith('  #'))
      expect.fail(details.slice(0, end).join('\n'))
    })

    it('passes as a whole', time, async (context) => {
      expect((await suite(context)).status).toBe(0)
    })
  })
})
