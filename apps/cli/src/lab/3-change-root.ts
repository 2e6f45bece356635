import { chrootRoot, root } from '@rt/chroot'
import { directoryTree, namespaces } from '@rt/mountns'
import { call, type Step } from '@rt/program'
import { AT_FDCWD } from '@rt/sys'
import type { Experiment } from './experiment.js'
import { littleRoot, MARKER } from './little-root.js'
import { isUntouched } from './show.js'

/** Deeper than any working directory of the experiment. */
const UP = 16

/**
 * The classic way out of a chroot. ".." stops at the root of the process and nowhere else: whoever may change the root
 * once more, and keeps the working directory outside of it, walks up to the real root.
 */
const walkOut: Step = {
  name: 'escape',
  why: 'mkdir, chroot into it, and up and away: the working directory was left above the new root',
  'init.pivot': [
    call('mkdirat', [AT_FDCWD, 'tmp/hole', 0o755], { tolerate: ['EEXIST'] }),
    call('chroot', ['tmp/hole']),
    ...Array.from({ length: UP }, () => call('chdir', ['..'])),
    call('chroot', ['.']),
  ],
}

export const changeRoot: Experiment = {
  title: {
    en: 'Another root: chroot, and why containers use pivot_root',
    zh: '切换根目录：chroot，以及为什么容器用 pivot_root',
  },
  about: [
    {
      en:
        'chroot lets "/" begin at another directory, for a process and its children: the root file system (rootfs) that ' +
        'one finds in a container image. But the old root is only out of sight. pivot_root exchanges the root mount ' +
        'itself and unmounts the old one: what is not there cannot be reached.',
      zh:
        'chroot 的作用是改变当前进程及其子进程所看到的根目录（即 /），限制它们只能访问指定的新根目录下的文件：这就是容器镜像里的 rootfs（根文件系统）。' +
        '但旧的根只是看不见了，并没有消失。pivot_root 换掉的是根挂载本身，并把旧的根卸载：不存在的东西就无法到达。',
    },
  ],
  tries: { en: 'ls /; pwd; exit', zh: 'ls /; pwd; exit' },
  async perform(conduct) {
    const little = littleRoot()
    const { secretFile, secret, binds } = little
    const read = `cat ${secretFile} 2>&1`
    const chroot = [namespaces({ mount: true }), chrootRoot(little.root, binds)]
    const pivot = [namespaces({ mount: true }), root(directoryTree(little.root), binds)]
    try {
      await conduct([
        {
          title: { en: 'chroot into a rootfs', zh: 'chroot 到一个 rootfs' },
          steps: chroot,
          script: `ls /; ${read}`,
          findings: ({ output, ...seen }) => [
            {
              claim: { en: 'the root directory is the rootfs’s', zh: '根目录是 rootfs 的' },
              holds: output.split('\n').includes(MARKER),
            },
            {
              claim: { en: 'a file of the host cannot be opened by its name', zh: '按路径打不开宿主机的文件' },
              holds: !output.includes(secret),
            },
            {
              claim: { en: 'nothing changed on the host', zh: '宿主机没有任何变化' },
              holds: isUntouched({ output, ...seen }),
            },
          ],
        },
        {
          title: { en: 'the escape, under chroot', zh: '在 chroot 下逃逸' },
          steps: [...chroot, walkOut],
          script: `ls /; ${read}`,
          findings: ({ output }) => [
            {
              claim: {
                en: 'the program is out: it reads the file of the host',
                zh: '程序逃出来了：读到了宿主机的文件',
              },
              holds: output.includes(secret) && !output.split('\n').includes(MARKER),
            },
          ],
        },
        {
          title: { en: 'the same escape, under pivot_root', zh: '同样的逃逸，在 pivot_root 下' },
          steps: [...pivot, walkOut],
          script: `ls /; ${read}`,
          findings: ({ output, ...seen }) => [
            {
              claim: { en: 'it fails: the program is still in its rootfs', zh: '失败了：程序仍在 rootfs 里' },
              holds: !output.includes(secret) && output.split('\n').includes(MARKER),
            },
            {
              claim: { en: 'nothing changed on the host', zh: '宿主机没有任何变化' },
              holds: isUntouched({ output, ...seen }),
            },
          ],
        },
      ])
    } finally {
      little.remove()
    }
  },
}
