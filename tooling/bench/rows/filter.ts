import { AUDIT_ARCH_AARCH64, AUDIT_ARCH_X86_64, hostArch, type SyscallName, syscallNumber } from '@rt/sys'
import { interpret } from '../../../packages/seccomp/test/interpret.js'
import { type FilterMaker, filterBytes, filteredCalls } from '../candidates/filters.js'
import type { Budget, Row } from '../row.js'

const LEAST = 'a filter that refuses all'

/** What the filter alone takes, against another's. */
const filterTime = (other: string, atMost: number): Budget => ({
  what: `rt's filter / ${other}`,
  value: (m) => (m('rt') - m(LEAST)) / (m(other) - m(LEAST)),
  atMost,
  unit: '×',
})

/** Calls whose arguments the default profile looks at, allowed ones and refused ones. */
const CALLS: readonly (readonly [SyscallName, bigint])[] = [
  ['clone', 0x11n],
  ['clone', 0x10000011n],
  ['socket', 1n],
  ['socket', 38n],
  ['socket', 39n],
  ['socket', 45n],
  ['personality', 0n],
  ['personality', 0x8n],
  ['personality', 0x20000n],
  ['personality', 0x20008n],
  ['personality', 0xffffffffn],
  ['personality', 5n],
]

/** Instructions executed: the fewest and the most. */
function instructions(maker: FilterMaker): string {
  const bytes = filterBytes(maker)
  const arch = hostArch() === 'x64' ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64
  const steps = CALLS.map(
    ([name, argument]) => interpret(bytes, { arch, number: syscallNumber(name), args: [argument] }).steps,
  )
  return `${maker} ${Math.min(...steps)} to ${Math.max(...steps)} of ${bytes.length / 8}`
}

export const row: Row = {
  name: 'filter',
  what: 'a million system calls whose arguments Docker’s default seccomp profile refuses',
  unit: 'ms',
  candidates: [
    () => filteredCalls('least'),
    () => filteredCalls('rt'),
    () => filteredCalls('tree'),
    () => filteredCalls('list'),
  ],
  budgets: [filterTime('libseccomp, as a tree', 0.6), filterTime('libseccomp, as a list', 0.6)],
  rounds: 20,
  notes: () => [`instructions executed: ${(['least', 'rt', 'tree', 'list'] as const).map(instructions).join(', ')}`],
}
