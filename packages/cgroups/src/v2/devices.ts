import type { Complaint } from '@rt/sys'
import type { DeviceRule } from '../resources/device-rule.js'

/**
 * The verifier's work grows with the square of the rules: 0.3 s for 200, 1.5 s for 500 on a slow machine, and from
 * about 700 it gives up (E2BIG). Containers have a dozen.
 */
const MOST_RULES = 500

/**
 * cgroup v2 has no files for devices: a BPF program asked at every open and mknod decides, see device-program.ts and
 * "Device controller" in Documentation/admin-guide/cgroup-v2.rst. It needs no controller to be enabled.
 */
export const tooManyRules = ({ length }: readonly DeviceRule[] = []): Complaint[] =>
  length <= MOST_RULES
    ? []
    : [
        {
          path: 'devices',
          message: `expected at most ${MOST_RULES} rules, which is what the kernel can verify, got ${length}`,
        },
      ]
