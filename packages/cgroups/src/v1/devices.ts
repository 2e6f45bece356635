import type { Complaint } from '@rt/sys'
import type { Controller, FileValue } from '../resources/controller.js'
import { type DeviceRule, formatDeviceRule } from '../resources/device-rule.js'

/** `a` in the kernel's files is all devices with all accesses, and drops what was said before. */
const isWhole = ({ type, access }: DeviceRule): boolean => type === 'a' && access.length === 3

/** A rule for all devices but some accesses is two: the kernel reads no accesses after `a`. */
const split = (rule: DeviceRule): DeviceRule[] =>
  rule.type !== 'a' || isWhole(rule)
    ? [rule]
    : [
        { ...rule, type: 'b' },
        { ...rule, type: 'c' },
      ]

const meets = (one: number | undefined, other: number | undefined): boolean =>
  one === undefined || other === undefined || one === other

/** Is there a device and an access that both rules speak of? */
const overlap = (a: DeviceRule, b: DeviceRule): boolean =>
  a.type === b.type &&
  meets(a.major, b.major) &&
  meets(a.minor, b.minor) &&
  [...a.access].some((access) => b.access.includes(access))

const isSameSet = (a: DeviceRule, b: DeviceRule): boolean => a.major === b.major && a.minor === b.minor

/**
 * cgroup v1 devices, see Documentation/admin-guide/cgroup-v1/devices.rst. A group holds a default and a list of
 * exceptions; a rule that agrees with the default takes exceptions away, but only those for the very same numbers. So
 * "allow 1:*, then deny 1:1" would silently deny nothing: such lists are refused.
 */
export const devices: Controller = {
  name: 'devices',

  set: ({ devices = [] }) =>
    devices.flatMap((rule, i): FileValue[] =>
      split(rule).map((each) => ({
        file: each.allow ? 'devices.allow' : 'devices.deny',
        value: isWhole(each) ? 'a' : formatDeviceRule(each),
        option: `devices[${i}]`,
      })),
    ),
}

/** Rules that v1 would take for something else, see {@link devices}. */
export function inseparableRules(rules: readonly DeviceRule[] = []): Complaint[] {
  const complaints: Complaint[] = []
  // A new group's default is to allow: it takes after its parent.
  let allowed = true
  let exceptions: DeviceRule[] = []
  rules.forEach((rule, i) => {
    for (const each of split(rule)) {
      if (isWhole(each)) {
        allowed = each.allow
        exceptions = []
      } else if (each.allow !== allowed) exceptions.push(each)
      else {
        const other = exceptions.find((exception) => overlap(each, exception) && !isSameSet(each, exception))
        if (!other) continue
        const [now, before] = [formatDeviceRule(each), formatDeviceRule(other)]
        const message = `cgroup v1 cannot take "${now}" out of the earlier "${before}": name the devices one by one`
        complaints.push({ path: `devices[${i}]`, message })
      }
    }
  })
  return complaints
}
