/** A call of i386 that does the work of many: the first argument says which. Source: uapi/linux/net.h and ipc.h. */
export interface Multiplexer {
  readonly call: 'socketcall' | 'ipc'
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

const MULTIPLEXED: ReadonlyMap<string, Multiplexer> = new Map([
  ...SOCKETCALL.split(' ').map((name, i): [string, Multiplexer] => [name, { call: 'socketcall', selector: i + 1 }]),
  ...Object.entries(IPC).map(([name, selector]): [string, Multiplexer] => [name, { call: 'ipc', selector }]),
])

/** How i386 reaches a call by socketcall(2) or ipc(2), as its C libraries did before Linux 4.3 and 5.1. */
export const multiplexerOf = (name: string): Multiplexer | undefined => MULTIPLEXED.get(name)
