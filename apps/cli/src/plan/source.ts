import { openSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { directoryTree, hostTree, overlayTree, readHostTree, type UserNamespace } from '@rt/mountns'
import type { StepList } from '@rt/program'
import { RtError } from '@rt/sys'
import type { ImageCommand } from '../options/command.js'
import { programOnPath } from './program-on-path.js'

/** What the container's root is made of. */
export interface RootSource {
  /** Saves `$tree`. */
  readonly tree: StepList
  /** The root as it will be, for looking up users and programs. The caller closes it. */
  readonly fd: number
  readonly image: ImageCommand
  readonly isHost: boolean
  /** What the container writes is gone with it. */
  readonly isThrownAway: boolean
  /** `default`, or SOURCE. */
  readonly origin: string
}

/**
 * The root that SOURCE stands for. Looks at the host.
 *
 * @param source absent: the host's own root
 * @param ephemeral a directory is not written to
 * @param user the container's user namespace
 * @throws RtError RT_NOT_FOUND, RT_WRONG_TYPE
 */
export function rootSource(
  source: string | undefined,
  ephemeral: boolean,
  user: UserNamespace | undefined,
): RootSource {
  // Only root may have its files shown as another user's, and only the maps it writes itself differ from it.
  const idmap = user?.how === 'supervisor'
  const isPlainUser = user !== undefined && process.getuid?.() !== 0
  if (source === undefined) {
    const tree = isPlainUser ? hostTree(readHostTree()) : overlayTree({ lower: ['/'], idmap })
    return { tree, fd: openSync('/', 'r'), image: {}, isHost: true, isThrownAway: true, origin: 'default' }
  }
  const path = resolve(source)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw notFound(source)
  if (!found.isDirectory()) {
    throw new RtError(
      'RT_WRONG_TYPE',
      `cannot use ${JSON.stringify(source)} as a root: expected a directory, got a file`,
    )
  }
  const origin = `SOURCE ${source}`
  const tree = ephemeral
    ? overlayTree({ lower: [path], idmap, userxattr: isPlainUser, origin })
    : directoryTree(path, { idmap, origin })
  return { tree, fd: openSync(path, 'r'), image: {}, isHost: false, isThrownAway: ephemeral, origin }
}

/** What was looked for; and a program's name is more likely meant as one. */
function notFound(source: string): RtError {
  const program = programOnPath(source)
  const hint = program
    ? `to run the program ${program} on the host's files: rt run -- ${source}`
    : "a command on the host's files comes after --: rt run -- COMMAND"
  return new RtError('RT_NOT_FOUND', `nothing is at ${JSON.stringify(source)}: looked for a directory`, {
    origin: 'SOURCE',
    hint,
  })
}
