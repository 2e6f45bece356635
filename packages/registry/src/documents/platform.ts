import type { JsonObject } from './complaints.js'

/** A machine that images are for, in Go's words (image-spec "image-index.md", platform). */
export interface Platform {
  readonly os: string
  readonly architecture: string
  /**
   * The newest variant that runs: `v3` of amd64, `v7` of arm, `v8` of arm64. Default: of amd64 what every one has, of
   * arm v7, of arm64 v8.
   */
  readonly variant?: string | undefined
}

/** Node's words for architectures → Go's, where they differ. */
const GO_NAMES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le', mipsel: 'mipsle' }

/** Variants in the order in which each runs all before it, and the one that no name means. */
const VARIANTS: Readonly<Record<string, { readonly order: readonly string[]; readonly unnamed: string }>> = {
  amd64: { order: ['v1', 'v2', 'v3', 'v4'], unnamed: 'v1' },
  arm: { order: ['v5', 'v6', 'v7', 'v8'], unnamed: 'v7' },
  arm64: { order: ['v8'], unnamed: 'v8' },
}

/** Linux on this processor, on any OS: what a container here, or in the virtual machine of one, runs. */
export const defaultPlatform = (): Platform => ({ os: 'linux', architecture: GO_NAMES[process.arch] ?? process.arch })

/**
 * How well what is for `platform` suits a machine.
 *
 * @returns the higher the better; undefined: it doesn't run. What names no platform is for any, and comes last
 */
export function suitability(platform: JsonObject | undefined, machine: Platform): number | undefined {
  if (platform === undefined) return 0
  if (platform.os !== machine.os || platform.architecture !== machine.architecture) return undefined
  const known = VARIANTS[machine.architecture]
  // Docker once wrote "8" for "v8".
  const variant = typeof platform.variant === 'string' ? platform.variant.replace(/^(?=\d)/, 'v') : ''
  if (!known) return variant === '' || variant === machine.variant ? 1 : undefined
  const level = known.order.indexOf(variant === '' ? known.unnamed : variant)
  const most = known.order.indexOf(machine.variant ?? known.unnamed)
  return level >= 0 && level <= most ? level + 1 : undefined
}

/** `linux/arm/v7` */
export const formatPlatform = (platform: JsonObject | Platform | undefined): string => {
  if (!platform) return 'any platform'
  const { os, architecture, variant } = platform as JsonObject
  return [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '').join('/')
}
