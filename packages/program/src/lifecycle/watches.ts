import { STATUS_FD } from '../assemble/layout.js'
import type { Plan } from '../plan/plan.js'
import { supervisorEnd } from './clone-init.js'
import { message, STARTED, TIMED_OUT } from './endings.js'
import { heirDies } from './heir.js'
import { initDies, initExecutes } from './init-watches.js'
import { started, startLimitWatch } from './middle.js'
import { nodeGone } from './node-gone.js'
import { hasHeir, joins, relaysTerminal, watchesNode } from './roles.js'
import { signals } from './signal-watch.js'
import type { Supervision } from './supervision.js'
import { terminalRelay } from './terminal-relay.js'
import { grace, wallLimit } from './timers.js'
import type { Watch } from './watch.js'

/** What the supervisor waits for while init runs. */
export function watches(plan: Plan, supervision: Supervision): Watch[] {
  const { tells, signals: handling, wallMs, terminal } = supervision
  const toldToNode = tells === 'node'
  const relay = relaysTerminal(plan, supervision) ? terminalRelay(terminal !== 'output') : undefined
  return [
    ...(toldToNode || joins(plan)
      ? [initExecutes(supervisorEnd, [...(joins(plan) ? started : []), ...(toldToNode ? [message(STARTED)] : [])])]
      : []),
    ...(joins(plan) ? [startLimitWatch] : []),
    initDies,
    ...(watchesNode(supervision) ? [nodeGone(STATUS_FD)] : []),
    ...(hasHeir(plan, supervision) ? [heirDies] : []),
    ...(handling || relay ? [signals(handling, relay?.reactions), grace] : []),
    ...(wallMs === undefined ? [] : [wallLimit(wallMs, toldToNode ? [message(TIMED_OUT)] : [])]),
    ...(relay?.watches ?? []),
  ]
}
