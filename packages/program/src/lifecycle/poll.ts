import {
  buffer,
  type Call,
  call,
  compute,
  type Instruction,
  type Ref,
  ref,
  type Value,
} from '../language/instruction.js'
import { SIGSET } from './signal-set.js'

/** A struct pollfd is one word: the fd, above it events, and revents above those; poll(2). */
const POLLFD = 8
const EVENTS = 2 ** 32
const REVENTS = 6

/** Of a load of {@link revents}: what lies above is the next one's. */
export const REVENTS_MASK = 0xffff

/** Say what is waited for. @param list name of the array */
export const pollfd = (list: string, index: number, fd: Value, events: Value): Instruction =>
  compute(`${list}+${POLLFD * index}`, fd, events, EVENTS)

/**
 * ppoll(2) over the first of an array.
 *
 * @param patience address of a timespec; 0: as long as it takes
 */
export const poll = (
  list: string,
  count: number,
  patience: Value,
  options: Omit<Call, 'kind' | 'call' | 'args'>,
): Call => call('ppoll', [buffer(list, POLLFD * (count + 1)), count, patience, 0, SIGSET], options)

export const revents = (list: string, index: number): Ref => ref(list, POLLFD * index + REVENTS)
