import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Arch } from '@rt/sys'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'
import { defaultReturn, namesOf } from '../src/compile/call-rules.js'
import type { Abi } from '../src/numbers/abi.js'
import { returnValue } from '../src/profile/actions.js'
import type { ArgumentCondition, SeccompProfile } from '../src/profile/profile.js'
import { type SelectedRule, selectAbis } from '../src/profile/select-rules.js'

const source = fileURLToPath(new URL('./libseccomp.c', import.meta.url))
let program: string | undefined

/** Hand lines to libseccomp.c. @returns what it printed */
function askLibseccomp(lines: readonly string[]): Buffer {
  program ??= build()
  const { status, stdout, stderr } = spawnSync(program, { input: `${lines.join('\n')}\n` })
  if (status !== 0) throw new Error(stderr.toString())
  return stdout
}

/** The numbers of names in libseccomp's tables; undefined for a name that has none there, or that it doesn't know. */
export function libseccompNumbers(abi: Abi, names: readonly string[]): Map<string, number | undefined> {
  const lines = askLibseccomp(names.map((name) => `resolve ${abi} ${name}`))
    .toString()
    .trim()
    .split('\n')
  return new Map(names.map((name, i) => [name, lines[i] === 'none' ? undefined : Number(lines[i])]))
}

// enum scmp_compare
const OPERATORS: Readonly<Record<ArgumentCondition['op'], number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
}

/**
 * The filter that libseccomp makes of a profile's rules, told to it as runc does; names that it doesn't know are left
 * out. Without the part about newer calls, which runc puts before it.
 */
export function libseccompFilter(
  profile: SeccompProfile,
  selected: readonly SelectedRule[],
  { arch, optimize = 2, knows }: { arch: Arch; optimize?: 1 | 2; knows: (name: string) => boolean },
): Buffer {
  const otherwise = defaultReturn(profile)
  const lines = [
    `default ${otherwise}`,
    ...selectAbis(profile, arch).map((abi) => `arch ${abi}`),
    `optimize ${optimize}`,
  ]
  for (const { rule } of selected) {
    const action = returnValue(rule.action, rule.errnoRet)
    if (action === otherwise) continue
    const conditions = (rule.args ?? []).map(
      ({ index, op, value, valueTwo = 0 }) => `${index} ${OPERATORS[op]} ${value} ${valueTwo}`,
    )
    const repeats = new Set((rule.args ?? []).map(({ index }) => index)).size < conditions.length
    for (const name of namesOf(rule).filter(knows)) {
      for (const words of repeats ? conditions : [conditions.join(' ')]) lines.push(`rule ${action} ${name} ${words}`)
    }
  }
  return askLibseccomp(lines)
}

function build(): string {
  const binary = join(temporaryFolder('libseccomp'), 'libseccomp')
  const { status, stderr } = spawnSync('gcc', ['-Wall', '-Werror', '-O1', '-o', binary, source, '-lseccomp'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return binary
}
