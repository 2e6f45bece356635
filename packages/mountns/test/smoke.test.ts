import { readFileSync } from 'node:fs'
import { exec, root } from '@rt/chroot'
import {
  bind,
  cgroupLayout,
  defaultMounts,
  directoryTree,
  fileMounts,
  namespaces,
  overlayTree,
  parseMountinfo,
  tmpfs,
} from '@rt/mountns'
import { run, sequence } from '@rt/program'
import { formatError } from '@rt/sys'
import { expect, it } from 'vitest'
import { busyboxRoot } from '../../../tooling/fixtures/index.js'

it('smoke', async () => {
  const dir = busyboxRoot()
  const layout = cgroupLayout(parseMountinfo(readFileSync('/proc/self/mountinfo')))
  const plan = sequence(
    namespaces({ mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }),
    root(
      overlayTree({ lower: [dir, '/etc'] }),
      defaultMounts({
        cgroup: layout,
        mounts: [
          fileMounts([
            { destination: '/etc/hosts', content: 'hello\n' },
            { destination: '/a/b/c/file', content: 'x' },
          ]),
          bind({ source: '/etc/passwd', destination: '/x/y/passwd', options: ['ro'] }),
          bind({ source: '/etc', destination: '/x/y/etc', options: ['rro'] }),
          tmpfs({ destination: '/x/t', options: ['size=64k'] }),
        ],
      }),
    ),
    exec(
      [
        '/bin/sh',
        '-c',
        'cat /proc/self/mountinfo; ls -l /dev /x/y /a/b/c; cat /etc/hosts; ls /proc/self/fd; ls /sys/fs/cgroup; cat /proc/self/cgroup; ls /sys/firmware; ls -la /; ip addr',
      ],
      { env: ['PATH=/bin'] },
    ),
  )
  try {
    const c = await run(plan, { stdio: 'pipe' })
    let out = ''
    c.stdout!.on('data', (b) => (out += b))
    c.stderr!.on('data', (b) => (out += b))
    const e = await c.exited
    console.log(out, e)
  } catch (e) {
    console.log(formatError(e))
    throw e
  }
})
