import { POLLIN, TFD_CLOEXEC } from '@rt/sys'
import { CLOCK_MONOTONIC } from '../assemble/layout.js'
import { call, compute, goto, type Instruction, ref } from '../language/instruction.js'
import { NO_FD, type Watch } from './watch.js'

/** struct itimerspec: interval, then value; each a timespec. */
export function timerSpec(milliseconds: number): Uint8Array {
  const bytes = Buffer.alloc(32)
  bytes.writeBigInt64LE(BigInt(Math.floor(milliseconds / 1000)), 16)
  bytes.writeBigInt64LE(BigInt(milliseconds % 1000) * 1_000_000n, 24)
  return bytes
}

const set = (name: string, milliseconds: number): Instruction[] => [
  call('timerfd_create', [CLOCK_MONOTONIC, TFD_CLOEXEC], { save: `${name}.fd` }),
  call('timerfd_settime', [ref(`${name}.fd`), 0, timerSpec(milliseconds), null]),
]

/** So much time since init was let go on its way, and no more: a caller that is busy or stopped can't miss it. */
export const wallLimit = (milliseconds: number, then: readonly Instruction[]): Watch => ({
  name: '$limit',
  begin: [compute('$limit.events', POLLIN), ...set('$limit', milliseconds)],
  ready: () => [compute('$limit.fd', NO_FD), ...then, goto('$kill')],
})

/** Kills init some time after {@link graceBegins}. */
export const grace: Watch = {
  name: '$grace',
  begin: [compute('$grace.fd', NO_FD), compute('$grace.events', POLLIN)],
  ready: () => [compute('$grace.fd', NO_FD), goto('$kill')],
}

/** What hung up is told to init; it has so much time to end. */
export const graceBegins = (milliseconds: number): Instruction[] => set('$grace', milliseconds)
