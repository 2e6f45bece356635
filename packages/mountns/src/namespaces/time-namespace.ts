import { call, type Instruction, ref } from '@rt/program'
import { AT_FDCWD, CLONE_NEWTIME, type Complaint, O_CLOEXEC, O_WRONLY } from '@rt/sys'

/** What is added to the host's clocks, in seconds; time_namespaces(7). */
export interface TimeOffsets {
  readonly monotonic?: number
  readonly boottime?: number
}

export function checkTimeOffsets(offsets: TimeOffsets, inUserNamespace: boolean): Complaint[] {
  const complaints: Complaint[] = Object.entries(offsets)
    .filter(([, seconds]) => seconds !== undefined && !Number.isSafeInteger(seconds))
    .map(([clock, seconds]) => ({ path: `time.${clock}`, message: `expected whole seconds, got ${seconds}` }))
  if (inUserNamespace) {
    complaints.push({ path: 'time', message: 'offsets need root outside: they cannot be given with a user namespace' })
  }
  return complaints
}

/** Made by the supervisor, which stays outside itself: unshare(2) puts only children into a new time namespace. */
export function makeTimeNamespace({ monotonic, boottime }: TimeOffsets): Instruction[] {
  const lines = [
    ...(monotonic === undefined ? [] : [`monotonic ${monotonic} 0\n`]),
    ...(boottime === undefined ? [] : [`boottime ${boottime} 0\n`]),
  ]
  const text = lines.join('')
  return [
    call('unshare', [CLONE_NEWTIME], { why: 'clocks of its own for the child' }),
    ...(text
      ? [
          call('openat', [AT_FDCWD, '/proc/self/timens_offsets', O_WRONLY | O_CLOEXEC], {
            save: 'offsets',
            of: 'timens_offsets',
          }),
          call('write', [ref('offsets'), text, text.length], {
            hints: { ERANGE: 'no clock may be set below zero: the offset is larger than the host’s uptime' },
          }),
          call('close', [ref('offsets')]),
        ]
      : []),
  ]
}
