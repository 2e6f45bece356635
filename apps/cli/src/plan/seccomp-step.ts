import { readFileSync, statSync } from 'node:fs'
import type { Step } from '@rt/program'
import { type Arch, type CapabilityName, hostArch, RtError } from '@rt/sys'
import type { SecurityOption } from '../values/security.js'
import { DEFAULT_FILTERS, MATTERING } from './default-filters.js'

/** What was asked for: a file's name, `builtin` or `unconfined`. */
export interface RequestedFilter {
  readonly profile: string
  readonly origin: string
}

/** The step that loads the filter, and what is odd about its profile. */
export interface SeccompStep {
  readonly step: Step | undefined
  readonly warnings: readonly string[]
}

/** What the options say about the filter; the last one counts. */
export function requestedFilter(
  options: readonly (SecurityOption | undefined)[],
  otherwise: RequestedFilter,
): RequestedFilter {
  const option = options.findLast((each) => each?.startsWith('seccomp='))
  return option === undefined
    ? otherwise
    : { profile: option.slice('seccomp='.length), origin: `--security-opt ${option}` }
}

/**
 * The step for a wish. The default profile's filter is there already for the usual capabilities; only for others, and for
 * a profile of the user's, the compiler is loaded. Reads the file.
 *
 * @param capabilities the container's bounding set, which a profile's rules may depend on
 * @throws RtError RT_INVALID_CONFIG for a file that is no profile, RT_NOT_FOUND and others if it can't be read
 */
export async function seccompStep(
  { profile, origin }: RequestedFilter,
  capabilities: readonly CapabilityName[],
  arch: Arch = hostArch(),
): Promise<SeccompStep> {
  if (profile === 'unconfined') return { step: undefined, warnings: [] }
  const { DEFAULT_PROFILE, filter, loadFilter, parseProfile, seccomp } = await import('@rt/seccomp')
  if (profile !== 'builtin') {
    const given = parseProfile(readProfile(profile, origin), origin)
    const options = { arch, capabilities }
    return { step: seccomp(given, { ...options, origin }), warnings: filter(given, options).warnings }
  }
  const ready = DEFAULT_FILTERS[`${arch} ${MATTERING.filter((name) => capabilities.some((own) => own === name))}`]
  const bytes =
    ready === undefined ? filter(DEFAULT_PROFILE, { arch, capabilities }).bytes : Buffer.from(ready, 'base64')
  return { step: loadFilter(bytes, { origin }), warnings: [] }
}

/** The capability that loading a filter takes, where the program isn't to have it: only as long as that. */
export const neededForFilter = (process: {
  readonly seccomp: Step | undefined
  readonly noNewPrivileges: boolean
}): readonly CapabilityName[] => (process.seccomp && !process.noNewPrivileges ? ['CAP_SYS_ADMIN'] : [])

/** A profile is some kilobytes; Docker's own has 20. */
const LARGEST_PROFILE = 4 << 20

/** A profile's text. @param origin the option that named it */
export function readProfile(path: string, origin: string): string {
  const refuse = (code: 'RT_NOT_FOUND' | 'RT_INVALID_CONFIG', message: string, cause?: unknown): never => {
    throw new RtError(code, message, { origin, cause })
  }
  try {
    const status = statSync(path)
    if (!status.isFile()) return refuse('RT_INVALID_CONFIG', `the seccomp profile ${JSON.stringify(path)} is no file`)
    if (status.size > LARGEST_PROFILE) {
      return refuse('RT_INVALID_CONFIG', `the seccomp profile has ${status.size} bytes: more than ${LARGEST_PROFILE}`)
    }
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (RtError.isInstance(error)) throw error
    return refuse('RT_NOT_FOUND', `cannot read the seccomp profile: ${(error as Error).message}`, error)
  }
}
