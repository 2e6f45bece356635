import { refuseUnknownOptions } from '@rt/sys'
import { namesOf } from './compile/call-rules.js'
import { FILTER_OPTIONS, type FilterOptions, situationOf } from './filter.js'
import { ABI_OF } from './numbers/abi.js'
import type { SeccompProfile } from './profile/profile.js'
import { selectAbis, selectRules } from './profile/select-rules.js'

/**
 * A Docker profile as the OCI profile that it means in a situation: for another runtime's config.json. Rules that don't
 * count are gone, `archMap` has become `architectures`.
 */
export function resolveProfile(profile: SeccompProfile, options: FilterOptions = {}): SeccompProfile {
  refuseUnknownOptions('resolveProfile', options, FILTER_OPTIONS)
  const situation = situationOf(options)
  const abis = new Set(selectAbis(profile, situation.arch))
  const { archMap: _, ...kept } = profile
  return {
    ...kept,
    architectures: Object.keys(ABI_OF).filter((name) => [...abis].some((abi) => ABI_OF[name] === abi)),
    syscalls: selectRules(profile, situation).map(({ rule }) => ({
      names: namesOf(rule),
      action: rule.action,
      ...(rule.errnoRet == null ? {} : { errnoRet: rule.errnoRet }),
      ...(rule.args?.length ? { args: rule.args } : {}),
    })),
  }
}
