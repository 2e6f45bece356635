import { buffer, call, compute, type Step } from '@rt/program'
import { type OptionKeys, RtError, refuseUnknownOptions, SECCOMP_SET_MODE_FILTER } from '@rt/sys'
import { INSTRUCTION_SIZE, MAX_INSTRUCTIONS } from './compile/encode.js'

export interface LoadFilterOptions {
  /** SECCOMP_FILTER_FLAG_* of seccomp(2), together. Default: none. */
  readonly flags?: number | undefined
  readonly origin?: string | undefined
}

const OPTIONS: OptionKeys<LoadFilterOptions> = { flags: true, origin: true }

/** struct sock_fprog: the number of instructions in its first two bytes, a pointer to them at 8. */
const PROGRAM_SIZE = 16

/**
 * Load a filter that is compiled already: seccomp(2), SECCOMP_SET_MODE_FILTER. As {@link seccomp}, but nothing is known
 * of what it forbids.
 *
 * @param bytes classic BPF for the processor that the plan is for, as `filter` makes it
 * @throws RtError RT_INVALID_OPTION for no instructions, or more than the kernel takes
 */
export function loadFilter(bytes: Uint8Array, options: LoadFilterOptions = {}): Step {
  refuseUnknownOptions('loadFilter', options, OPTIONS)
  const { flags = 0, origin } = options
  const instructions = bytes.length / INSTRUCTION_SIZE
  if (!Number.isInteger(instructions) || instructions < 1 || instructions > MAX_INSTRUCTIONS) {
    throw new RtError('RT_INVALID_OPTION', `${bytes.length} bytes are no filter`, {
      origin,
      hint: `1 to ${MAX_INSTRUCTIONS} instructions of ${INSTRUCTION_SIZE} bytes`,
    })
  }
  return {
    name: 'seccomp',
    why: 'what a program never calls need not be within its reach',
    ...(origin === undefined ? {} : { origin }),
    'init.execute': [
      compute('filter+0', instructions),
      compute('filter+8', bytes),
      call('seccomp', [SECCOMP_SET_MODE_FILTER, flags, buffer('filter', PROGRAM_SIZE)], {
        why: `${instructions} instructions, which the kernel runs before a call`,
        hints: HINTS,
      }),
    ],
  }
}

const HINTS = {
  EACCES:
    'without no_new_privs it takes CAP_SYS_ADMIN, which the step `capabilities` keeps for this one if asked to ' +
    '(untilExecve)',
  EINVAL:
    'this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER), or is too old for a flag: --security-opt seccomp=unconfined',
  EPERM: 'an outer seccomp filter forbids seccomp(2): --security-opt seccomp=unconfined leaves the outer one alone',
  ENOSYS:
    'this kernel has no seccomp(2), or an outer filter hides it: --security-opt seccomp=unconfined leaves the outer one alone',
} as const
