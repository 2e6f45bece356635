/** What a call of i386 does besides others: its first argument says which. Source: uapi/linux/net.h and ipc.h. */
export interface Multiplexer {
  readonly name: string
  readonly selector: number
}

const SOCKETCALL =
  'socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown setsockopt ' +
  'getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg'

const IPC = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
}

/** Calls that only i386 has, by which its C libraries reached others before Linux 4.3 and 5.1. */
export const MULTIPLEXERS: readonly string[] = ['socketcall', 'ipc']

/** The calls that i386 reaches by one of {@link MULTIPLEXERS} too. */
export const multiplexedBy = (multiplexer: string): readonly Multiplexer[] =>
  multiplexer === 'ipc'
    ? Object.entries(IPC).map(([name, selector]) => ({ name, selector }))
    : SOCKETCALL.split(' ').map((name, i) => ({ name, selector: i + 1 }))
