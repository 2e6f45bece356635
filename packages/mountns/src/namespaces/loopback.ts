import { call, type Instruction, ref } from '@rt/program'
import { AF_INET, IFF_UP, SIOCSIFFLAGS, SOCK_CLOEXEC, SOCK_DGRAM } from '@rt/sys'

/** struct ifreq of uapi/linux/if.h: the name in 16 bytes, then for SIOCSIFFLAGS the flags as a short; 40 bytes in all. */
const IFREQ_SIZE = 40
const IFREQ_FLAGS = 16

const ifreq = new Uint8Array(IFREQ_SIZE)
ifreq.set(Buffer.from('lo'))
ifreq[IFREQ_FLAGS] = IFF_UP

/** In a new network namespace `lo` is down and 127.0.0.1 unreachable; netdevice(7). */
export const loopbackUp: readonly Instruction[] = [
  call('socket', [AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0], { save: 'socket' }),
  call('ioctl', [ref('socket'), SIOCSIFFLAGS, ifreq], { why: 'lo up: 127.0.0.1 works' }),
  call('close', [ref('socket')]),
]
