import { existsSync, readdirSync } from 'node:fs'
import { DEFAULT_MASKED_PATHS } from './masked-paths.js'

const PROCESSORS = '/sys/devices/system/cpu'

/**
 * {@link DEFAULT_MASKED_PATHS}, and what each processor tells of its temperature, from which a neighbour's work can be
 * guessed (moby's GHSA-6fw5-f8r9-fgfm). Only some processors have it, so this looks at the host.
 *
 * @param processors for tests: the directory that has one of each processor, cpu0, cpu1, …
 */
export function readMaskedPaths(processors = PROCESSORS): string[] {
  // Without sysfs there is nothing to mask.
  const names = existsSync(processors) ? readdirSync(processors) : []
  const throttled = names.filter(
    (name) => /^cpu\d+$/.test(name) && existsSync(`${processors}/${name}/thermal_throttle`),
  )
  return [...DEFAULT_MASKED_PATHS, ...throttled.map((name) => `${PROCESSORS}/${name}/thermal_throttle`)]
}
