// requires nothing
import type { Container } from '@rt/program'
import { SIGNALS } from '@rt/sys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Interrupted } from '../src/attach/interrupted.js'
import { forwardSignals, type SignalForwarding } from '../src/attach/signals.js'

describe('forwardSignals', () => {
  let signals: SignalForwarding
  let sent: number[]
  const container = {
    kill: (signal: number) => {
      sent.push(signal)
      return true
    },
  } as unknown as Container
  const receive = (name: NodeJS.Signals): void => void process.emit(name, name)

  beforeEach(() => {
    sent = []
    signals = forwardSignals()
  })
  afterEach(() => signals.stop())

  it.each(['SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGTERM', 'SIGHUP'] as const)(
    'keeps a %s that comes while the container starts, and passes it on',
    (name) => {
      signals.hold()
      receive(name)
      expect(signals.abort.aborted).toBe(false)
      expect(sent).toEqual([])
      signals.to(container)
      expect(sent).toEqual([SIGNALS[name]])
      receive(name)
      expect(sent).toEqual([SIGNALS[name], SIGNALS[name]])
    },
  )

  it('keeps all of them, in order', () => {
    signals.hold()
    for (const name of ['SIGUSR1', 'SIGCONT', 'SIGUSR2', 'SIGTERM'] as const) receive(name)
    signals.to(container, SIGNALS.SIGQUIT)
    expect(sent).toEqual([SIGNALS.SIGUSR1, SIGNALS.SIGCONT, SIGNALS.SIGUSR2, SIGNALS.SIGQUIT])
  })

  it('gives up at the second signal that asks for it while the container starts', () => {
    signals.hold()
    receive('SIGTERM')
    receive('SIGUSR1')
    expect(signals.abort.aborted).toBe(false)
    receive('SIGINT')
    expect(signals.abort.reason).toEqual(new Interrupted(SIGNALS.SIGINT))
    expect(signals.reason(new Error('other'))).toBe(signals.abort.reason)
  })

  it('gives up at the first before that, but not for one that asks for nothing', () => {
    receive('SIGUSR1')
    receive('SIGCONT')
    expect(signals.abort.aborted).toBe(false)
    receive('SIGHUP')
    expect(signals.abort.reason).toEqual(new Interrupted(SIGNALS.SIGHUP))
  })
})
