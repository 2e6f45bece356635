import { existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs'
import { namespaces } from '@rt/mountns'
import { call, type Step } from '@rt/program'
import { MNT_DETACH, MS_SHARED } from '@rt/sys'
import { newMountNamespace } from './1-mount-namespace.js'
import type { Experiment } from './experiment.js'
import { isUntouched, mountLine } from './show.js'

const CANARY = 'rt-lab-canary'

/** A mount on the host that is shared, as systemd makes all of them; gone when the container has ended. */
const sharedPlace = (directory: string): Step => ({
  name: 'shared place',
  why: 'a mount of the host whose propagation is shared, as systemd sets it for all',
  'host.prepare': [
    call('mount', ['none', directory, 'tmpfs', 0, null]),
    call('mount', [null, directory, null, MS_SHARED, null]),
    call('mkdir', [`${directory}/inside`, 0o755]),
  ],
  'host.gone': [call('umount2', [directory, MNT_DETACH])],
})

/** What the classic demonstration does to /tmp. */
const emptyDirectory = (destination: string): Step => ({
  name: `mount ${JSON.stringify(destination)}`,
  why: 'an empty directory in memory',
  'init.mount': [call('mount', ['none', destination, 'tmpfs', 0, ''])],
})

export const privateTmpfs: Experiment = {
  title: { en: 'Private propagation, and a tmpfs on /tmp', zh: '私有传播，并把 tmpfs 挂载到 /tmp' },
  about: [
    {
      en:
        'Propagation decides whether a mount that is made in one namespace shows up in the others. systemd makes it ' +
        'shared, so a container that mounts something would do it to the host as well. The program makes its copy ' +
        'private first, and then mounts a tmpfs on /tmp before it starts the shell.',
      zh:
        '默认的 mount 命名空间共享传播类型是 shared（共享传播），在子命名空间做的 mount 操作会“传播”到父命名空间。' +
        '所以先将当前挂载点设为 private，防止传播到宿主机，然后在容器启动之前以 tmpfs（内存盘）格式重新挂载 /tmp 目录。',
    },
  ],
  tries: { en: 'ls /tmp; mount -l | grep tmpfs; exit; ls /tmp', zh: 'ls /tmp; mount -l | grep tmpfs; exit; ls /tmp' },
  async perform(conduct) {
    const directory = mkdtempSync('/tmp/rt-lab-')
    const before = readdirSync('/tmp').sort()
    const isTmpfs = (line: string): boolean => line.startsWith('none on /tmp type tmpfs ')
    const leaked = (line: string): boolean => line.startsWith(`none on ${directory}/inside type tmpfs `)
    try {
      await conduct([
        {
          title: { en: 'private, then a tmpfs on /tmp', zh: '先设为 private，再挂载 tmpfs 到 /tmp' },
          steps: [namespaces({ mount: true, origin: 'the first program' }), emptyDirectory('/tmp')],
          script: `ls -A /tmp; : >/tmp/${CANARY}; mount -l 2>&1 | grep ' on /tmp '`,
          findings: (seen) => [
            {
              claim: { en: '/tmp is empty in the container', zh: '容器内的 /tmp 是空的' },
              holds: before.every((name) => !seen.output.split('\n').includes(name)),
            },
            {
              claim: {
                en: '"none on /tmp type tmpfs" is in its table of mounts',
                zh: '容器的挂载表里有 none on /tmp type tmpfs',
              },
              holds: seen.inside.map(mountLine).some(isTmpfs),
            },
            {
              claim: {
                en: 'it is not in the host’s, neither meanwhile nor afterwards',
                zh: '宿主机的挂载表里没有它，期间和之后都没有',
              },
              holds: isUntouched(seen),
            },
            {
              claim: { en: 'the host’s /tmp is untouched', zh: '宿主机的 /tmp 没有被改动' },
              holds: !existsSync(`/tmp/${CANARY}`) && readdirSync('/tmp').includes(directory.slice('/tmp/'.length)),
            },
          ],
        },
        {
          title: {
            en: `the same without "private", on a shared mount (${directory})`,
            zh: `对比：不设 private，在共享挂载上（${directory}）`,
          },
          steps: [sharedPlace(directory), newMountNamespace, emptyDirectory(`${directory}/inside`)],
          script: `mount -l 2>&1 | grep ' on ${directory}'`,
          findings: ({ host, inside }) => [
            {
              claim: { en: 'the container’s tmpfs is in its table', zh: '容器的挂载表里有它的 tmpfs' },
              holds: inside.map(mountLine).some(leaked),
            },
            {
              claim: { en: 'it leaked: the host has it too', zh: '它泄漏了：宿主机的挂载表里也有' },
              holds: host.during.map(mountLine).some(leaked),
            },
            {
              claim: { en: 'cleaned up again', zh: '已清理干净' },
              holds: host.after.every(({ mountPoint }) => !mountPoint.startsWith(directory)),
            },
          ],
        },
      ])
    } finally {
      rmdirSync(directory)
    }
  },
}
