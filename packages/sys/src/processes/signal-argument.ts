import { integer, refuseArgument } from '../native/arguments.js'
import { SIGRTMAX, signalNumber } from '../uapi/signal.js'

/**
 * A signal as Node's functions take it: by number or by name (`SIGTERM`, and `SIGRTMIN+3`, which Node doesn't know).
 *
 * @param signal 0 is none
 * @throws TypeError ERR_UNKNOWN_SIGNAL for a name that is none, ERR_INVALID_ARG_TYPE; RangeError ERR_OUT_OF_RANGE
 */
export function signalArgument(signal: number | string): number {
  if (typeof signal === 'string') {
    const number = /^\d/.test(signal) ? undefined : signalNumber(signal)
    return number ?? refuseArgument('ERR_UNKNOWN_SIGNAL', 'signal', 'the name of a signal', signal)
  }
  if (integer(signal, 'signal') >= 0 && signal <= SIGRTMAX) return signal
  refuseArgument('ERR_OUT_OF_RANGE', 'signal', `a signal, 0 to ${SIGRTMAX}`, signal)
}
