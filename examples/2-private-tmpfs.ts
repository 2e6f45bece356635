// The second step: private propagation, then a tmpfs on /tmp. The host sees nothing of it.
// As root: npx tsx --tsconfig tsconfig.json examples/2-private-tmpfs.ts
import { exec, hostRoot } from '@rt/chroot'
import { mount, namespaces } from '@rt/mountns'
import { run, sequence } from '@rt/program'

const plan = sequence(
  namespaces({ mount: true, propagation: 'rprivate' }),
  hostRoot(),
  mount({ type: 'tmpfs', source: 'none', destination: '/tmp' }),
  exec(['/bin/bash'], { env: ['PATH=/usr/bin:/bin'] }),
)

console.log('父进程 - 启动一个容器！')
const { exited } = await run(plan)
await exited
console.log('父进程 - 容器已停止！')
