import { P_PIDFD, SIGNALS, WEXITED } from '@rt/sys'
import { LATCH } from '../assemble/own-log.js'
import { branch, call, compute, goto, type Instruction, kept, label, ref, struct } from '../language/instruction.js'
import { PIDFD, SIGINFO, SIGINFO_SIZE } from '../language/vocabulary.js'
import { poll, pollfd, REVENTS_MASK, revents } from './poll.js'
import { RUSAGE, RUSAGE_SIZE } from './usage.js'
import { LAST_WORDS_MS, type Watch } from './watch.js'

/**
 * The supervisor's life while init runs: one ppoll(2) over all watches, then what each has to do at the end. Whoever
 * wants init dead goes to `$kill`; a failure of the supervisor's own goes to `$failed`.
 *
 *     begin
 *     $supervise   prepare; ppoll; ready …           until init is dead and all that drains has drained
 *     $kill        SIGKILL to init
 *     $reap        waitid: from here on init's pid may be another's
 *     $over        end
 */
export const supervise = (watches: readonly Watch[]): Instruction[] => [...watchOver(watches), ...reap(watches)]

function watchOver(watches: readonly Watch[]): Instruction[] {
  const draining = watches.filter(({ drains }) => drains)
  return [
    compute('$alive', 1),
    compute('$patience', 0),
    ...watches.flatMap(({ begin }) => begin),
    label('$supervise'),
    ...watches.flatMap(({ name, prepare = [] }, i) => [
      ...prepare,
      pollfd('$poll', i, ref(`${name}.fd`), ref(`${name}.events`)),
    ]),
    ...(draining.length === 0
      ? []
      : [
          compute('$busy', ref('$alive')),
          ...draining.map(({ name }) => compute('$busy', ref('$busy'), ref(`${name}.open`), 1)),
          branch(ref('$busy'), 0, { then: '$over' }),
        ]),
    poll('$poll', watches.length, ref('$patience'), {
      save: '$ready',
      why: watches.map(({ name }) => name.slice(1)).join(', '),
      onError: { EINTR: '$supervise' },
    }),
    // Only when init is dead is there a limit.
    ...(draining.length === 0 ? [] : [branch(ref('$ready'), 0, { then: '$over' })]),
    ...watches.flatMap(({ name, ready }, i) => {
      const happened = revents('$poll', i)
      const quiet = `${name} is quiet`
      return [branch(happened, 0, { mask: REVENTS_MASK, then: quiet }), ...ready(happened), label(quiet)]
    }),
    goto('$supervise'),
  ]
}

/** How init's end is brought about, or met. A supervisor that leaves does no more, and this only where it failed. */
export function reap(watches: readonly Watch[]): Instruction[] {
  const draining = watches.filter(({ drains }) => drains)
  return [
    label('$failed'),
    LATCH,
    compute('$gaveUp', 1),
    label('$kill'),
    call('pidfd_send_signal', [ref(PIDFD), SIGNALS.SIGKILL, 0, 0], { tolerate: 'any' }),
    label('$reap'),
    call('waitid', [P_PIDFD, ref(PIDFD), kept(SIGINFO, SIGINFO_SIZE), WEXITED, kept(RUSAGE, RUSAGE_SIZE)], {
      tolerate: 'any',
    }),
    ...(draining.length === 0
      ? []
      : [
          // What was to be drained may never have begun.
          branch(ref('$gaveUp'), 1, { then: '$over' }),
          compute('$alive', 0),
          compute('$patience', struct('timespec', { tv_sec: LAST_WORDS_MS / 1000 }, '$lastWords')),
          ...watches.flatMap(({ initDied = [] }) => initDied),
          goto('$supervise'),
        ]),
    label('$over'),
    ...watches.flatMap(({ end = [] }) => end),
  ]
}
