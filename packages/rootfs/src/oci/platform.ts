import type { JsonObject } from './json.js'

/** A machine that images are for, in Go's words (image-spec "image-index.md", platform). */
export interface Platform {
  readonly os: string
  readonly architecture: string
}

/** Node's words for architectures → Go's, where they differ. */
const ARCHITECTURE: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le', mipsel: 'mipsle' }

/** This machine. */
export const hostPlatform = (): Platform => ({
  os: 'linux',
  architecture: ARCHITECTURE[process.arch] ?? process.arch,
})

/** Whether what is for `platform` runs on `wanted`; what names none is for any. */
export const matches = (platform: JsonObject | undefined, wanted: Platform): boolean =>
  platform === undefined || (platform.os === wanted.os && platform.architecture === wanted.architecture)

export const describePlatform = (platform: JsonObject | Platform | undefined): string => {
  if (!platform) return 'any platform'
  const { os, architecture, variant } = platform as JsonObject
  return [os, architecture, variant].filter((part) => typeof part === 'string').join('/')
}
