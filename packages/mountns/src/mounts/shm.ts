import type { Step } from '@rt/program'
import { tmpfs } from './tmpfs.js'

/** Shared memory (shm_open(3)) at /dev/shm: a tmpfs of 64 MiB, as Docker's, unless `size` (tmpfs(5)) says otherwise. */
export const shm = (size = '65536k', origin = 'default'): Step =>
  tmpfs({ source: 'shm', destination: '/dev/shm', options: ['mode=1777', `size=${size}`], origin })
