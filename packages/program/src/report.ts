import { type Arch, ERRNO, printable, syscallNumber, textBytes } from '@rt/sys'
import type { Assembler } from './assembler.js'
import { describeInstruction } from './describe.js'
import { OP_BRANCH, OP_COMPUTE } from './layout.js'
import type { Memory, Place } from './memory.js'
import { Naming } from './naming.js'
import type { Operation, Site, Target } from './operation.js'
import type { Plan } from './plan.js'

const STDERR = 2
const IOVEC_SIZE = 16
/** A shell's exit codes for a command that isn't there, and for one that can't be executed. */
const NOT_FOUND = 127
const NOT_EXECUTABLE = 126

/** What happens after a failure was named: all that lead on to the same place share one. */
interface Ending {
  readonly target: Target
  readonly isExec: boolean
  readonly site: Site
}

/**
 * Give an executable of its own a voice: every failure that ends the set-up is led over one that writes
 * `rt: STEP (ORIGIN): CALL = -1 ERRNO` to stderr. The texts are made now, with the words' names where a value isn't
 * known yet. A failed execve exits as a shell would (127, 126), all else as the frame says (125).
 */
export function reportFailures(assembler: Assembler, plan: Plan, arch: Arch): void {
  const { operations, memory } = assembler
  const naming = new Naming(operations.map((operation) => operation.site))
  const text = memory.data('$report.text', 8)
  const errno = memory.data('$report.errno', 8)
  const errnos = errnoTable(memory)
  const endings = new Map<string, Ending>()
  const count = operations.length
  for (let i = 0; i < count; i++) {
    const { site, save } = operations[i] as Operation
    if (!site.fatal || site.helper !== undefined) continue
    const { instruction } = site
    // A call that tolerates some errors is followed by the comparisons; the last of them leads to the failure.
    let last = operations[i] as Operation
    for (let j = i + 1; operations[j]?.site.helper?.startsWith('is it E'); j++) last = operations[j] as Operation
    const step = plan.steps[site.step]
    const where = step ? printable(`${step.name}${step.origin ? ` (${step.origin})` : ''}: `) : ''
    const isCall = instruction.kind === 'call'
    const said = isCall
      ? `${describeInstruction(instruction, { arch, of: (name) => naming.of(name, i) })} = -1 `
      : `${instruction.kind === 'fail' ? instruction.message : ''}: `
    const isExec = isCall && (instruction.call === 'execve' || instruction.call === 'execveat')
    const ending = `$report ${isExec} ${String(last.failed)}`
    const helper: Site = { ...site, fatal: false, helper: 'say what failed' }
    if (!endings.has(ending)) endings.set(ending, { target: last.failed, isExec, site: helper })
    last.failed = operations.length
    assembler.push(OP_COMPUTE, [iovec(memory, `rt: ${where}${said}`), 0, 0], 0, helper, undefined, undefined, text)
    // The table's rows lie at minus the result. A `fail` is an EINVAL without a call.
    const row = isCall ? [errnos, save, -IOVEC_SIZE] : [errnos, ERRNO.EINVAL, IOVEC_SIZE]
    assembler.push(OP_COMPUTE, row, isCall ? 2 : 0, helper, ending, ending, errno)
  }
  const writev = syscallNumber('writev', arch)
  const exit = syscallNumber('exit_group', arch)
  for (const [name, { target, isExec, site }] of endings) {
    assembler.labels.set(name, operations.length)
    assembler.push(writev, [STDERR, text, 1], 2, site)
    const after = isExec ? undefined : target
    assembler.push(writev, [STDERR, errno, 1], 2, site, after, after)
    if (!isExec) continue
    const notFound: Place = { segment: 'const', offset: errnos.offset + ERRNO.ENOENT * IOVEC_SIZE }
    const at = operations.length
    assembler.push(OP_BRANCH, [errno, -1, notFound], 1, site, at + 1, at + 2)
    assembler.push(exit, [NOT_FOUND], 0, site)
    assembler.push(exit, [NOT_EXECUTABLE], 0, site)
  }
}

/** struct iovec of one text. */
function iovec(memory: Memory, text: string): Place {
  const bytes = new Uint8Array(IOVEC_SIZE)
  const place = memory.constant(bytes, `iovec ${text}`)
  describe(memory, place, bytes, text)
  return place
}

/** An iovec per errno, in their order. */
function errnoTable(memory: Memory): Place {
  const largest = Math.max(...Object.values(ERRNO))
  const bytes = new Uint8Array((largest + 1) * IOVEC_SIZE)
  const place = memory.constant(bytes, 'errno names')
  for (const [name, number] of Object.entries(ERRNO)) {
    const at = number * IOVEC_SIZE
    describe(memory, { ...place, offset: place.offset + at }, bytes.subarray(at, at + IOVEC_SIZE), `${name}\n`)
  }
  return place
}

function describe(memory: Memory, at: Place, bytes: Uint8Array, text: string): void {
  // A NUL can't be part of a sentence that came from one.
  const safe = text.replaceAll('\0', '')
  memory.fixups.push({ at, target: memory.string(safe) })
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, textBytes(safe).length, true)
}
