import type { ReadFile } from '../resources/controller.js'

/** How a version of cgroups stops processes. */
export interface VersionFreezer {
  readonly file: string
  readonly frozen: string
  readonly thawed: string
  isFrozen(read: ReadFile): boolean
  /** The file that changes when all processes stand still. */
  readonly watched?: string
  /** Milliseconds between two looks. */
  readonly interval: number
}
