import type { Step } from '@rt/program'
import { Complaints } from '../arguments/complaints.js'
import { parseArguments } from '../arguments/parse.js'
import { RUN_OPTIONS } from '../options/run.js'
import { prepare } from '../plan/prepare.js'
import type { Experiment } from './experiment.js'
import { isUntouched } from './show.js'

const ARGUMENTS = ['--hostname', 'rt-lab', '--pids-limit', '64']

/** What `rt run --hostname rt-lab --pids-limit 64` would do, without its exec. */
async function dockerSteps(): Promise<Step[]> {
  const complaints = new Complaints()
  const { values, rest } = parseArguments(ARGUMENTS, RUN_OPTIONS, complaints)
  const mode = { interactive: true, tty: false }
  const prepared = await prepare({ values, words: rest, mode, complaints, defaultName: 'rt-lab' })
  prepared.close()
  // With the caller's terminal as its own, a shell has job control.
  return prepared.plan.steps.filter(({ name }) => name !== 'exec' && name !== 'session')
}

export const docker: Experiment = {
  title: {
    en: 'Docker’s sequence: namespaces, cgroups, change root',
    zh: 'Docker 的顺序：Namespace、Cgroups、切换根目录',
  },
  about: [
    {
      en:
        'All that Docker does for a process that it is going to create: it sets up namespaces for it, sets the cgroup ' +
        'parameters that were asked for, and changes its root directory. That is a container.',
      zh: 'Docker 最核心的原理就是为待创建的用户进程：启动 Linux Namespace 配置；设置指定的 Cgroups 参数；切换进程的根目录（change root）。这样，一个完整的容器就诞生了。',
    },
  ],
  tries: {
    en: 'hostname; ps ax; mount; cat /proc/self/cgroup; exit',
    zh: 'hostname; ps ax; mount; cat /proc/self/cgroup; exit',
  },
  async perform(conduct) {
    await conduct([
      {
        title: { en: `rt run ${ARGUMENTS.join(' ')}`, zh: `rt run ${ARGUMENTS.join(' ')}` },
        steps: await dockerSteps(),
        brief: true,
        script: 'echo "pid $$"; hostname; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null',
        findings: (seen) => {
          const { inside, output, ownNamespaces, cgroups } = seen
          const lines = output.split('\n')
          return [
            {
              claim: {
                en: '1. namespaces: mnt, pid, uts, ipc, net, cgroup are its own',
                zh: '1. Namespace：mnt、pid、uts、ipc、net、cgroup 都是自己的',
              },
              holds: ownNamespaces.join() === 'mnt,pid,uts,ipc,net,cgroup',
            },
            {
              claim: { en: '   it is process 1, on a host named rt-lab', zh: '   它是 1 号进程，主机名是 rt-lab' },
              holds: lines.includes('pid 1') && lines.includes('rt-lab'),
            },
            {
              claim: {
                en: '2. cgroups: its own group, with at most 64 processes',
                zh: '2. Cgroups：有自己的组，最多 64 个进程',
              },
              holds: /\/rt\/rt-lab$/m.test(cgroups) && lines.includes('64'),
            },
            {
              claim: {
                en: '3. change root: its root is an overlay of its own',
                zh: '3. 切换根目录：它的根是自己的 overlay',
              },
              holds: inside.some(({ mountPoint, type }) => mountPoint === '/' && type === 'overlay'),
            },
            {
              claim: { en: 'nothing changed on the host', zh: '宿主机没有任何变化' },
              holds: isUntouched(seen),
            },
          ]
        },
      },
    ])
  },
}
