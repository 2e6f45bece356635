import { errnoNumber, RtError } from '@rt/sys'
import type { ErrnoName } from '../language/instruction.js'
import type { Assembler } from './assembler.js'
import { NO_CALL, OP_COMPUTE, OP_LOAD } from './layout.js'

/**
 * One operation made to go wrong, by its index in `program.sites`: the call isn't made and gives an errno, or its process
 * dies there, by SIGSEGV. For tests: every operation of a plan can be tried (see `sites`).
 */
export type Fault = { readonly op: number; readonly errno: ErrnoName } | { readonly op: number; readonly dies: true }

/**
 * Put a fault into a program. A process that is to die reads from address 0: that signal the kernel forces on anybody,
 * be it the first process of a pid namespace. An errno is computed in the call's place, and an operation added at the
 * end is the call that fails: only a call's failure is told in the log's header.
 *
 * @throws RtError RT_INVALID_OPTION for an operation that isn't there, or is no call, and for an unknown errno
 */
export function injectFault({ operations, scratch }: Assembler, fault: Fault): void {
  const { op } = fault
  const original = operations[op]
  if (!original) {
    throw new RtError('RT_INVALID_OPTION', `the program has no operation ${op}: it has ${operations.length}`)
  }
  if ('dies' in fault) {
    operations[op] = { ...original, call: OP_LOAD, arguments: [0, 0, 0], indirect: 0 }
    return
  }
  const errno = errnoNumber(fault.errno)
  if (errno === undefined) throw new RtError('RT_INVALID_OPTION', `no errno is named ${JSON.stringify(fault.errno)}`)
  const { site } = original
  if (site.instruction.kind !== 'call' || site.helper !== undefined) {
    throw new RtError('RT_INVALID_OPTION', `operation ${op} is no system call, so it has no errno`)
  }
  const failed = original.failed ?? op + 1
  const told = operations.push({
    call: NO_CALL,
    arguments: [],
    indirect: 0,
    save: scratch,
    next: failed,
    failed,
    site: { ...site, helper: 'the failure that was asked for', standsFor: op },
  })
  operations[op] = { ...original, call: OP_COMPUTE, arguments: [-errno, 0, 0], indirect: 0, failed: told - 1 }
}
