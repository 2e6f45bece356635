import type { FileValue } from '../controller.js'
import type { Limits } from '../resources.js'

/** The controller that a file of cgroup v2 belongs to: `memory` of `memory.high`; undefined for cgroup's own. */
export function controllerOfFile(file: string): string | undefined {
  const [prefix] = file.split('.')
  return prefix === 'cgroup' ? undefined : prefix
}

/** The raw files of {@link Limits.unified}, in the order given: Node and JSON keep it. */
export const unifiedWrites = ({ unified = {} }: Limits): FileValue[] =>
  Object.entries(unified).map(([file, value]) => ({ file, value, option: `unified[${JSON.stringify(file)}]` }))
