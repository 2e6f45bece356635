export { disassemble } from './compile/disassemble.js'
export { capabilitiesOf, type Filter, type FilterOptions, filter } from './filter.js'
export { type JudgedCall, type Judgement, judge } from './judge.js'
export { type LoadFilterOptions, loadFilter } from './load-filter.js'
export type { Abi } from './numbers/abi.js'
export type { ActionName } from './profile/actions.js'
export { DEFAULT_PROFILE } from './profile/default-profile.js'
export type { OperatorName } from './profile/operators.js'
export { parseProfile } from './profile/parse-profile.js'
export type {
  ArchitectureMap,
  ArgumentCondition,
  FilterFlag,
  RuleFilter,
  SeccompProfile,
  SyscallRule,
} from './profile/profile.js'
export { resolveProfile } from './resolve-profile.js'
export { type SeccompOptions, seccomp } from './seccomp.js'
