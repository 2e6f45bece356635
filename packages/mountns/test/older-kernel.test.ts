// requires: qemu-system-x86_64, apt-get (with a network on the first run), cpio, busybox; x86-64; no KVM
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { runInVm } from '../../../tooling/vm/run-in-vm.js'

it('all of it works on Linux 6.1 with cgroup v2 alone', { timeout: 120_000 }, async (context) => {
  needs(context, 'qemu-system-x86_64', 'apt-get', 'cpio', 'busybox')
  if (process.arch !== 'x64') context.skip('needs x86-64: the guest runs this machine’s node')
  const { output } = await runInVm({
    script: fileURLToPath(new URL('guest/mounts.ts', import.meta.url)),
    folders: { '/busybox': busyboxRoot() },
    timeout: 100_000,
  })
  const printed = (mounts: number) =>
    `120 layers, hosts of its own\n1\n1,3\n${mounts}\ntouch: /data/x: Read-only file system\n{"code":1}\n`
  // In a user namespace the six default devices are mounts too, and of procfs nothing must be kept from chmod.
  expect(output).toBe(`${printed(34)}${printed(29)}nothing on the host\n`)
})
