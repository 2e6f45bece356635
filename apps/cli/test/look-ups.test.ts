// requires nothing: plans are built, none is run
import { type Call, INIT_MOMENTS, type Instruction, ROOT, type Step, type StructValue } from '@rt/program'
import { RESOLVE_IN_ROOT } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { Complaints } from '../src/arguments/complaints.js'
import { parseArguments } from '../src/arguments/parse.js'
import { RUN_OPTIONS } from '../src/options/run.js'
import { prepare } from '../src/plan/prepare.js'

async function steps(...args: string[]): Promise<readonly Step[]> {
  const complaints = new Complaints()
  const parsed = parseArguments([...args, '--', 'true'], RUN_OPTIONS, complaints)
  const mode = { interactive: true, tty: true }
  const prepared = await prepare({ values: parsed.values, words: parsed.rest, mode, complaints, defaultName: 'test' })
  prepared.close()
  return prepared.plan.steps
}

/** openat2 of a path from $root; a single name in it, just made, is opened without RESOLVE_IN_ROOT. */
const isLookUp = (instruction: Instruction): instruction is Call => {
  if (instruction.kind !== 'call' || instruction.call !== 'openat2') return false
  const [from, , how] = instruction.args
  const isFromRoot = JSON.stringify(from) === JSON.stringify({ ref: ROOT })
  return isFromRoot && (Number((how as StructValue).fields.resolve) & RESOLVE_IN_ROOT) !== 0
}

/** What an instruction looks up from $root: one path, or those of a table whose rows are not led to their mounts. */
function fromRoot(instruction: Instruction): string[] {
  if (isLookUp(instruction)) {
    const [, given] = instruction.args
    return !instruction.beneathMount && typeof given === 'string' ? [given] : []
  }
  if (instruction.kind !== 'compute') return []
  const { base } = instruction
  if (typeof base !== 'object' || base === null || !('table' in base) || base.beneathMount) return []
  return base.table.flatMap((row) => {
    const how = row.find((cell) => typeof cell === 'object' && cell !== null && 'struct' in cell)
    return how && typeof row[1] === 'string' ? [row[1]] : []
  })
}

/** Paths that are looked up from $root though a mount of the plan holds them, by the step. */
function namesResolvedTwice(plan: readonly Step[]): string[] {
  const mounts: string[] = []
  const found: string[] = []
  const inOrder = INIT_MOMENTS.flatMap((moment) =>
    plan.flatMap((step) => (step[moment] ?? []).map((instruction) => ({ name: step.name, instruction }))),
  )
  for (const { name, instruction } of inOrder) {
    if (instruction.kind === 'call' && instruction.mountedAt !== undefined) mounts.push(instruction.mountedAt)
    for (const given of fromRoot(instruction)) {
      const path = given.startsWith('/') ? given : `/${given}`
      const holder = mounts.findLast((mount) => path === mount || path.startsWith(`${mount}/`))
      if (holder) found.push(`${name}: "${path}" in ${holder}`)
    }
  }
  return found
}

describe('no name that the plan has mounted on is looked up again', () => {
  /** Symlinks in a volume lead where they lead for the container, which only a look-up from its root can tell. */
  const IN_VOLUMES = [
    'mount "/data/sub/deep": "/data/sub/deep" in /data',
    'mount "/data/sub/deep": "/data" in /data',
    'mount "/data/sub/deep": "/data/sub" in /data',
    'working directory: "/data/work" in /data',
    'working directory: "/data" in /data',
  ]

  it.each<[string, string[], string[]]>([
    ['by default', [], []],
    ['in a user namespace', ['--userns', 'self'], []],
    ['with the host’s namespaces', ['--network', 'host', '--ipc', 'host', '--pid', 'host'], []],
    [
      'with every kind of mount and device',
      [
        ...['-v', '/etc:/data', '-v', '/usr:/data/sub/deep', '-w', '/data/work', '--tmpfs', '/run', '--init'],
        ...['-v', '/etc/hostname:/proc/uptime', '-v', '/usr:/sys/fs/own', '-v', '/etc/hostname:/dev/file'],
        ...['--device', '/dev/full:/dev/deep/full', '--add-host', 'a:1.2.3.4', '--dns', '1.2.3.4', '--read-only'],
      ],
      IN_VOLUMES,
    ],
    ['with the host’s own /proc, /sys and /dev', ['-v', '/proc:/proc', '-v', '/sys:/sys', '-v', '/dev:/dev'], []],
  ])('%s', async (_, args, expected) => {
    const plan = await steps(...args)
    expect(plan.some((step) => step['init.mount']?.some((each) => each.kind === 'call' && each.beneathMount))).toBe(
      true,
    )
    expect([...new Set(namesResolvedTwice(plan))]).toEqual(expected)
  })
})
