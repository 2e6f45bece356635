import type { Step } from '@rt/program'
import { mount } from './mount.js'

/** POSIX message queues of init's IPC namespace at /dev/mqueue; mq_overview(7). */
export const mqueue = (origin = 'default'): Step =>
  mount({ type: 'mqueue', destination: '/dev/mqueue', options: ['nosuid', 'noexec', 'nodev'], origin })
