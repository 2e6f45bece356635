import type { Abi } from '@rt/seccomp'
import { many, one } from '../arguments/option.js'
import { oneOf } from '../values/name.js'
import { CAPABILITY_NAMES } from './capability-names.js'

const ABIS = ['x86_64', 'x86', 'x32', 'aarch64', 'arm'] as const satisfies readonly Abi[]

/** What only `rt explain seccomp` has. */
export const SECCOMP_OPTIONS = {
  profile: one({ value: 'FILE', complete: 'file', help: 'of seccomp: a profile instead of the default one' }),
  'cap-add': many({
    value: 'CAP',
    complete: CAPABILITY_NAMES,
    help: "of seccomp: the container has a capability besides Docker's 14, or ALL",
  }),
  'cap-drop': many({
    value: 'CAP',
    complete: CAPABILITY_NAMES,
    help: 'of seccomp: the container lacks a capability, or ALL',
  }),
  abi: one({
    value: ABIS.join('|'),
    parse: oneOf(...ABIS),
    complete: ABIS,
    help: 'of seccomp: the way into the kernel that the call takes',
  }),
}
