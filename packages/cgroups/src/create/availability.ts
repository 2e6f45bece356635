import type { Complaint } from '@rt/sys'
import { whyClosed, whyMissing } from '../host/absence.js'
import type { CgroupHost, Hierarchy } from '../host/host.js'
import type { FieldPath } from '../resources/field-path.js'
import type { Limits } from '../resources/resources.js'
import { entriesOf, FIELDS, type Field, fieldValue, type Side } from './fields.js'

/** A field that is asked for, and the hierarchy where it is carried out. */
export interface Use {
  readonly path: FieldPath
  /** Absent: the version's own files, or a program. */
  readonly controller: string | undefined
  readonly hierarchy: Hierarchy
}

/** Where a field is carried out: in a v1 hierarchy that has its controller, else in v2's; or why nowhere. */
function place(host: CgroupHost, { v1, v2 }: Field): { side: Side; hierarchy: Hierarchy } | string {
  const bound = ({ controller }: Side, version: 1 | 2) =>
    host.hierarchies.find(
      (each) => each.version === version && (controller === undefined || each.controllers.includes(controller)),
    )
  // A controller can only be in one at a time.
  const first = typeof v1 === 'string' ? undefined : bound(v1, 1)
  if (first) return { side: v1 as Side, hierarchy: first }
  const second = typeof v2 === 'string' ? undefined : bound(v2, 2)
  if (second) return { side: v2 as Side, hierarchy: second }
  const has = (version: 1 | 2) => host.hierarchies.some((each) => each.version === version)
  if (typeof v1 === 'string' && !has(2) && has(1)) return v1
  if (typeof v2 === 'string' && !has(1) && has(2)) return v2
  const named = [v2, v1].flatMap((side) => (typeof side === 'string' ? [] : (side.controller ?? [])))
  return whyMissing(host, named[0] ?? 'v2')
}

/**
 * Where each field that is asked for is carried out, and what this host cannot do, all of it.
 *
 * A controller that is missing or out of reach is a complaint, never a limit left out.
 *
 * @param optional fields that nobody asked for by name: left out where they can't be carried out
 */
export function findFields(
  limits: Limits,
  host: CgroupHost,
  optional: readonly string[] = [],
): { uses: Use[]; complaints: Complaint[] } {
  const uses: Use[] = []
  const complaints: Complaint[] = []
  for (const path of Object.keys(FIELDS) as FieldPath[]) {
    if (fieldValue(limits, path) === undefined) continue
    const found = place(host, FIELDS[path])
    const about = (message: string): Complaint[] => entriesOf(limits, path).map((entry) => ({ path: entry, message }))
    const wrong =
      typeof found === 'string'
        ? about(found)
        : found.hierarchy.top === undefined
          ? about(whyClosed(found.hierarchy))
          : (found.side.complaints?.(limits, found.hierarchy, host) ?? [])
    if (typeof found !== 'string' && wrong.length === 0) {
      uses.push({ path, controller: found.side.controller, hierarchy: found.hierarchy })
    } else if (!optional.includes(path)) complaints.push(...wrong)
  }
  return { uses, complaints }
}
