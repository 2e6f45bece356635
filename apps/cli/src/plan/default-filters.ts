import { capabilitiesOf, DEFAULT_PROFILE, filter } from '@rt/seccomp'
import type { Arch, CapabilityName } from '@rt/sys'

/** The oldest kernel that rt runs on: no rule of the default profile depends on a newer one. */
const OLDEST = '5.15'

/** Of the capabilities that matter: those of Docker's default set, or none. */
const USUAL: readonly (readonly CapabilityName[])[] = [['CAP_SYS_CHROOT'], []]

const ARCHS: readonly Arch[] = ['x64', 'arm64']

/** The capabilities that make a difference to the default profile. */
export const MATTERING: readonly string[] = capabilitiesOf(DEFAULT_PROFILE)

/**
 * The default profile's filters for the usual capabilities, in base64, by architecture and capabilities. This module is
 * run by the build, which puts the values in its place (tsup.config.ts): a start need not compile them.
 */
export const DEFAULT_FILTERS: Readonly<Record<string, string>> = Object.fromEntries(
  ARCHS.flatMap((arch) =>
    USUAL.map((capabilities) => [
      `${arch} ${capabilities}`,
      Buffer.from(filter(DEFAULT_PROFILE, { arch, capabilities, kernel: OLDEST }).bytes).toString('base64'),
    ]),
  ),
)
