// Runs in the virtual machine (older-kernel.test.ts): what this package mounts, on the busybox root at /busybox.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { exec, root } from '@rt/chroot'
import {
  bind,
  cgroupLayout,
  defaultMounts,
  fileMounts,
  type NamespaceOptions,
  namespaces,
  overlay,
  overlayTree,
  parseMountinfo,
  privateProc,
  tmpfs,
  type UserNamespace,
} from '@rt/mountns'
import { run, sequence } from '@rt/program'
import { formatError, MS_SHARED, syscall } from '@rt/sys'

const COMMAND =
  'echo "$(ls /layers | wc -l) layers, $(cat /etc/hosts)"; ls /sys/fs/cgroup | grep -c cgroup.procs; ' +
  'stat -c "%t,%T" /dev/null; cut -d" " -f5 /proc/self/mountinfo | grep -c .; test -e /data/passwd && touch /data/x 2>&1'

async function start(own: NamespaceOptions): Promise<void> {
  const layers = Array.from({ length: 120 }, (_, index) => {
    const folder = `/layers,${index}/with:odd\\names`
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/file${index}`, '')
    return folder
  })
  const { user } = own
  const container = await run(
    sequence(
      namespaces(own),
      root(overlayTree({ lower: ['/busybox'], userxattr: user !== undefined }), [
        privateProc(),
        defaultMounts({
          namespaces: { pid: true, net: true, ipc: true, ...(user ? { user } : {}) },
          cgroup: cgroupLayout(parseMountinfo(readFileSync('/proc/self/mountinfo'))),
          mounts: [
            fileMounts([{ destination: '/etc/hosts', content: 'hosts of its own' }]),
            bind({ source: '/busybox/etc', destination: '/data', options: ['rro'] }),
            tmpfs({ destination: '/a/b/c', options: ['size=1m'] }),
            overlay({ destination: '/layers', lower: layers, upper: 'none' }),
          ],
        }),
      ]),
      exec(['sh', '-c', COMMAND], { env: ['PATH=/bin'] }),
    ),
    { stdio: ['null', 'pipe', 'inherit'] },
  )
  console.log((await text(container.stdout as NodeJS.ReadableStream)).trim())
  console.log(JSON.stringify(await container.exited))
}

const own = { mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }
const range = [{ containerID: 0, hostID: 100000, size: 65536 }]
const user: UserNamespace = { how: 'supervisor', uidMap: range, gidMap: range }
try {
  // As systemd leaves it: everything shared.
  syscall('mount', null, '/proc', null, MS_SHARED, null)
  const before = readFileSync('/proc/self/mountinfo', 'utf8')
  await start(own)
  await start({ ...own, user })
  console.log(before === readFileSync('/proc/self/mountinfo', 'utf8') ? 'nothing on the host' : 'CHANGED')
} catch (error) {
  console.log(formatError(error))
}
