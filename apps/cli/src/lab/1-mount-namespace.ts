import { readdirSync } from 'node:fs'
import type { Step } from '@rt/program'
import { CLONE_NEWNS } from '@rt/sys'
import type { Experiment } from './experiment.js'
import { isCopy, isUntouched } from './show.js'

/** The first program of the lab: clone(2) with CLONE_NEWNS, and nothing else. */
export const newMountNamespace: Step = {
  name: 'mount namespace',
  why: 'a table of mounts of its own, which begins as a copy of the host’s',
  clone: CLONE_NEWNS,
}

export const mountNamespace: Experiment = {
  title: { en: 'A new mount namespace alone', zh: '只有新的 Mount Namespace' },
  about: [
    {
      en:
        'clone with CLONE_NEWNS gives the new process a table of mounts of its own. But the table begins as a copy: ' +
        "until something is mounted, the process sees the host's directories.",
      zh: 'clone 时带上 CLONE_NEWNS，新进程有了自己的挂载表。但这张表一开始只是一份拷贝：如果没有“挂载”这个操作，新创建的进程会直接继承宿主机的各个挂载点。',
    },
  ],
  tries: { en: 'ls; mount -l; readlink /proc/self/ns/mnt; exit', zh: 'ls; mount -l; readlink /proc/self/ns/mnt; exit' },
  async perform(conduct) {
    const here = readdirSync('.').sort()
    await conduct([
      {
        title: { en: 'clone(CLONE_NEWNS | SIGCHLD), then exec', zh: 'clone(CLONE_NEWNS | SIGCHLD)，然后 exec' },
        steps: newMountNamespace,
        script: 'ls -A',
        findings: (seen) => [
          {
            claim: {
              en: 'the mount namespace is new, the others are the host’s',
              zh: 'Mount Namespace 是新的，其余 Namespace 与宿主机相同',
            },
            holds: seen.ownNamespaces.join() === 'mnt',
          },
          {
            claim: { en: 'the container sees the host’s directories', zh: '容器内看到的是宿主机的目录' },
            holds: here.every((name) => seen.output.split('\n').includes(name)),
          },
          {
            claim: { en: 'its table of mounts is a copy of the host’s', zh: '容器的挂载表与宿主机的一样' },
            holds: isCopy(seen),
          },
          {
            claim: { en: 'nothing changed on the host', zh: '宿主机没有任何变化' },
            holds: isUntouched(seen),
          },
        ],
      },
    ])
  },
}
