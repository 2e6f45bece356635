// requires: qemu-system-x86_64, apt-get (with a network on the first run), cpio, busybox; x86-64; no KVM
import { fileURLToPath } from 'node:url'
import { describe, expect, it, type TestContext } from 'vitest'
import { busyboxRoot, needs } from '../fixtures/index.js'
import { runInVm } from '../vm/run-in-vm.js'

const script = (path: string) => fileURLToPath(new URL(path, import.meta.url))

function needsVm(context: TestContext): void {
  needs(context, 'qemu-system-x86_64', 'apt-get', 'cpio', 'busybox')
  if (process.arch !== 'x64') context.skip('needs x86-64: the guest runs this machine’s node')
}

describe('on Linux 6.1 with cgroup v2 alone', { timeout: 120_000 }, () => {
  it('a container runs', async (context) => {
    needsVm(context)
    const { status, output, kernelLog } = await runInVm({
      script: script('guest/container.ts'),
      folders: { '/busybox': busyboxRoot() },
      timeout: 90_000,
    })
    expect({ status, output, kernelLog }).toEqual({
      status: 0,
      output: '1 inside\n0::/\n{"code":3}\n',
      kernelLog: expect.stringContaining('reboot: Power down'),
    })
  })
})
