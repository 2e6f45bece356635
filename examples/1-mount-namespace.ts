// The first step: a new mount namespace alone. The shell still sees the host's directories.
// As root: npx tsx --tsconfig tsconfig.json examples/1-mount-namespace.ts
import { exec } from '@rt/chroot'
import { call, run, type Step, sequence } from '@rt/program'
import { CLONE_NEWNS } from '@rt/sys'

const inside = '容器 - 已进入容器内部！\n'

const container: Step = {
  name: 'container',
  why: 'the smallest container there is',
  clone: CLONE_NEWNS,
  'init.mount': [call('write', [1, inside, Buffer.byteLength(inside)])],
}

console.log('父进程 - 启动一个容器！')
const { exited } = await run(sequence(container, exec(['/bin/bash'], { env: ['PATH=/usr/bin:/bin'] })))
await exited
console.log('父进程 - 容器已停止！')
