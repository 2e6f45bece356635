import { quote } from '@rt/sys'
import { defaultReturn, namesOf } from './compile/call-rules.js'
import { isKnownName } from './numbers/syscall-numbers.js'
import { returnValue } from './profile/actions.js'
import type { SeccompProfile } from './profile/profile.js'
import type { SelectedRule } from './profile/select-rules.js'

/** What of a profile has no effect, though its author may have meant one. */
export function ruleWarnings(profile: SeccompProfile, selected: readonly SelectedRule[]): string[] {
  return [...unknownNames(profile), ...shadowed(profile, selected)]
}

function unknownNames({ syscalls = [] }: SeccompProfile): string[] {
  return syscalls.flatMap((rule, index) =>
    namesOf(rule)
      .filter((name) => !isKnownName(name))
      .map((name) => `seccomp: syscalls[${index}]: no system call is named ${quote(name)}; it is left out`),
  )
}

/** A rule without conditions decides for all calls of its names, so one with conditions and another action does not. */
function shadowed(profile: SeccompProfile, selected: readonly SelectedRule[]): string[] {
  const otherwise = defaultReturn(profile)
  const deciding = new Map<string, { readonly index: number; readonly action: number }>()
  for (const { index, rule } of selected) {
    const action = returnValue(rule.action, rule.errnoRet)
    if (rule.args?.length || action === otherwise) continue
    for (const name of namesOf(rule)) if (!deciding.has(name)) deciding.set(name, { index, action })
  }
  return selected.flatMap(({ index, rule }) => {
    const action = returnValue(rule.action, rule.errnoRet)
    return namesOf(rule).flatMap((name) => {
      const other = deciding.get(name)
      if (!other || other.index === index || other.action === action) {
        const isIdle = action === otherwise && (rule.args?.length ?? 0) > 0
        return isIdle ? [`seccomp: syscalls[${index}]: ${name} has the default's action: the rule decides nothing`] : []
      }
      return [`seccomp: syscalls[${index}]: ${name} is decided by syscalls[${other.index}], which has no conditions`]
    })
  })
}
