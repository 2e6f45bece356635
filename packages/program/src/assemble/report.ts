import { type Arch, ERRNO, errnoNumber, NOT_EXECUTABLE, NOT_FOUND, printable, syscallNumber, textBytes } from '@rt/sys'
import { describeInstruction } from '../explain/describe.js'
import { Naming } from '../explain/naming.js'
import type { Plan } from '../plan/plan.js'
import type { Assembler } from './assembler.js'
import { LOG_BASE, LOG_ERROR, OP_BRANCH, OP_COMPUTE, OP_LOAD } from './layout.js'
import type { Memory, Place } from './memory.js'
import type { Operation, OperationArgument, Site, Target } from './operation.js'
import { ALONE, FAILURE } from './own-log.js'

const STDERR = 2

const WORD = 8
const SIGN = 1n << 63n
/** Words in a row of the table of steps (first operation, text) and of hints (operation, errno, text). */
const STEP_ROW = 2 * WORD
const HINT_ROW = 3 * WORD
/** The last of eight bytes of text. */
const LAST_BYTE = 0xffn << 56n
const NEWLINE = BigInt('\n'.charCodeAt(0)) << 56n

/**
 * Give an executable of its own a voice. Wherever a failure leads, the machine has noted which operation it was (LATCH);
 * from there one routine looks it up and writes to stderr:
 *
 *     rt: STEP (ORIGIN): CALL = -1 ERRNO        of a system call
 *     rt: STEP (ORIGIN): SENTENCE               of a `fail`
 *       hint: …                                 if the step has one for that errno
 *
 * The texts are made now, with the words' names where a value isn't known yet. A failed execve exits as a shell would
 * (127, 126), all else as the frame says (125). Where the supervisor leaves, that is for what init does from then on; the
 * rest is told to Node.
 */
export function reportFailures(assembler: Assembler, plan: Plan, arch: Arch): void {
  new Report(assembler, plan, arch).lay()
}

class Report {
  private readonly memory: Memory
  private readonly texts = new Map<string, Place>()
  /** Operations before those of the report. */
  private readonly count: number
  /** What comes before is told to somebody else. */
  private readonly from: number
  private readonly naming: Naming
  private readonly site: Site

  constructor(
    private readonly assembler: Assembler,
    private readonly plan: Plan,
    private readonly arch: Arch,
  ) {
    this.memory = assembler.memory
    this.count = assembler.operations.length
    this.from = assembler.labels.get(ALONE) ?? 0
    this.naming = new Naming(assembler.operations.map(({ site }) => site))
    const instruction = { kind: 'goto', to: '$report' } as const
    const [process, side] = ['supervisor', 'supervisor'] as const
    this.site = { process, side, step: -1, instruction, fatal: false, helper: 'say what failed' }
  }

  lay(): void {
    const { memory, assembler } = this
    const word = (name: string): Place => memory.data(`$report.${name}`, WORD)
    const [back, error, text, length, row, left] = ['back', 'error', 'text', 'length', 'row', 'left'].map(word) as Six
    const failure = memory.data(FAILURE, WORD)
    const latches = assembler.latches.filter((latch) => latch >= this.from)
    for (const latch of latches) {
      const operation = assembler.operations[latch] as Operation
      operation.next = operation.failed = assembler.operations.length
      this.compute(back, latch, 0, 0, '$report')
    }
    this.label('$report')
    if (this.from > 0) {
      this.compute(left, { word: failure }, -1, this.from)
      this.branch(left, SIGN, { mask: SIGN, then: '$report.told' })
    }
    this.load(error, LOG_BASE + LOG_ERROR)

    // The last step that begins at or before the operation.
    this.compute(row, this.steps(), 0, 0)
    this.label('$report.step')
    this.load(left, { word: row }, STEP_ROW, 1)
    this.compute(left, { word: failure }, { word: left }, -1)
    this.branch(left, SIGN, { mask: SIGN, then: '$report.found' })
    this.compute(row, { word: row }, STEP_ROW, 1, '$report.step')
    this.label('$report.found')
    this.load(text, { word: row }, WORD, 1)
    this.write(text, length)

    this.load(text, this.calls(), { word: failure }, WORD)
    this.write(text, length)
    // A sentence ends with a newline; behind a call comes its error.
    this.compute(row, { word: text }, { word: length }, 1)
    this.load(row, { word: row }, -WORD, 1)
    this.branch(row, NEWLINE, { mask: LAST_BYTE, then: '$report.hint' })
    this.load(text, this.errnos(), { word: error }, -WORD)
    this.write(text, length)

    this.label('$report.hint')
    this.compute(row, this.hints(), 0, 0)
    this.label('$report.next')
    this.load(left, { word: row })
    this.branch(left, -1, { then: '$report.told' })
    this.compute(left, { word: left }, { word: failure }, -1)
    this.branch(left, 0, { else: '$report.other' })
    this.load(left, { word: row }, WORD, 1)
    this.compute(left, { word: left }, { word: error }, 1)
    this.branch(left, 0, { then: '$report.this' })
    this.label('$report.other')
    this.compute(row, { word: row }, HINT_ROW, 1, '$report.next')
    this.label('$report.this')
    this.load(text, { word: row }, 2 * WORD, 1)
    this.write(text, length)

    this.label('$report.told')
    for (const index of this.execs()) this.branch(failure, index, { then: '$report.exec' })
    for (const latch of latches) this.branch(back, latch, { then: latch + 1 })
    this.label('$report.exec')
    this.branch(error, -ERRNO.ENOENT, { else: '$report.denied' })
    this.push(syscallNumber('exit_group', this.arch), [NOT_FOUND])
    this.label('$report.denied')
    this.push(syscallNumber('exit_group', this.arch), [NOT_EXECUTABLE])
  }

  /** By operation: the text of what it calls, or of what it says. */
  private calls(): Place {
    const { operations } = this.assembler
    return this.table(
      operations.slice(0, this.count).map(({ site }, index) => {
        // No failure of it leads here.
        if (!site.fatal || index < this.from) return this.text('\n')
        const { instruction } = operations[site.standsFor ?? index]?.site ?? site
        if (instruction.kind === 'fail') return this.text(`${instruction.message}\n`)
        const of = (name: string): string | undefined => this.naming.of(name, index)
        return this.text(`${describeInstruction(instruction, { arch: this.arch, of })} = -1 `)
      }),
    )
  }

  /** Where each step begins, and its name: a step has a row for each place in the program. */
  private steps(): Place {
    const rows: OperationArgument[] = []
    let before: number | undefined
    for (let index = this.from; index < this.count; index++) {
      const { step } = (this.assembler.operations[index] as Operation).site
      if (step === before) continue
      const { name, origin } = this.plan.steps[step] ?? {}
      const where = name === undefined ? '' : `${name}${origin ? ` (${origin})` : ''}: `
      rows.push(index, this.text(`rt: ${printable(where)}`))
      before = step
    }
    return this.table([...rows, this.count])
  }

  private errnos(): Place {
    const names = new Map<number, string>(Object.entries(ERRNO).map(([name, number]) => [number, name]))
    const largest = Math.max(...Object.values(ERRNO))
    const rows = Array.from({ length: largest + 1 }, (_, number) => this.text(`${names.get(number) ?? `E${number}`}\n`))
    return this.table(rows)
  }

  private hints(): Place {
    const rows: OperationArgument[] = []
    const { operations } = this.assembler
    for (let index = this.from; index < this.count; index++) {
      const { site } = operations[index] as Operation
      if (!site.fatal) continue
      const { instruction } = operations[site.standsFor ?? index]?.site ?? site
      if (instruction.kind === 'fail' && instruction.hint !== undefined) {
        rows.push(index, ERRNO.ENOSYS, this.text(`  hint: ${instruction.hint}\n`))
      }
      if (instruction.kind !== 'call') continue
      for (const [errno, hint] of Object.entries(instruction.hints ?? {})) {
        const number = errnoNumber(errno)
        if (number !== undefined && hint !== undefined) rows.push(index, number, this.text(`  hint: ${hint}\n`))
      }
    }
    return this.table([...rows, -1])
  }

  /** What becomes the container's program; a hook's execve is none. */
  private execs(): number[] {
    return this.assembler.operations.slice(0, this.count).flatMap(({ site }, index) => {
      const { instruction, fatal, outOfLine, helper } = site
      if (!fatal || outOfLine || helper !== undefined || instruction.kind !== 'call') return []
      return instruction.call === 'execve' || instruction.call === 'execveat' ? [index] : []
    })
  }

  /** Words: numbers, and addresses. */
  private table(words: readonly OperationArgument[]): Place {
    const bytes = Buffer.alloc(words.length * WORD)
    const place = this.memory.constant(bytes)
    words.forEach((word, i) => {
      if (typeof word === 'object' && 'segment' in word) {
        this.memory.fixups.push({ at: { ...place, offset: place.offset + i * WORD }, target: word })
      } else bytes.writeBigInt64LE(BigInt(word as number), i * WORD)
    })
    return place
  }

  /** A text behind its length; the address is that of the length. */
  private text(text: string): Place {
    const known = this.texts.get(text)
    if (known) return known
    // A NUL can't be part of a sentence that came from one.
    const content = textBytes(text.replaceAll('\0', ''))
    const bytes = Buffer.alloc(WORD + content.length)
    bytes.writeUInt32LE(content.length)
    bytes.set(content, WORD)
    const place = this.memory.constant(bytes)
    this.texts.set(text, place)
    return place
  }

  private label(name: string): void {
    this.assembler.labels.set(name, this.assembler.operations.length)
  }

  private push(call: number, args: readonly Given[], next?: Target, failed?: Target, save?: Place): void {
    let bits = 0
    const values = args.map((argument, i): OperationArgument => {
      if (typeof argument !== 'object' || !('word' in argument)) return argument
      bits |= 1 << i
      return argument.word
    })
    this.assembler.push(call, values, bits, this.site, next, failed, save)
  }

  private compute(save: Place, base: Given, left: Given, right: Given, next?: Target): void {
    this.push(OP_COMPUTE, [base, left, right], next, next, save)
  }

  private load(save: Place, base: Given, left: Given = 0, right: Given = 0): void {
    this.push(OP_LOAD, [base, left, right], undefined, undefined, save)
  }

  private branch(
    value: Place,
    equals: number | bigint,
    { mask = -1, then, else: otherwise }: { mask?: number | bigint; then?: Target; else?: Target },
  ): void {
    this.push(OP_BRANCH, [{ word: value }, mask, equals], then, otherwise)
  }

  /** Whoever has closed stderr hears nothing. */
  private write(text: Place, length: Place): void {
    this.load(length, { word: text })
    this.compute(text, { word: text }, WORD, 1)
    this.push(syscallNumber('write', this.arch), [STDERR, { word: text }, { word: length }])
  }
}

type Six = [Place, Place, Place, Place, Place, Place]

/** An argument, or the word that holds it. */
type Given = OperationArgument | { readonly word: Place }
