import { mkdir, readFile } from 'node:fs/promises'
import { lsetxattr, RtError, SyscallError } from '@rt/sys'
import type { Action } from './create/plan-creation.js'
import { replaceDeviceProgram } from './devices/device-attachment.js'
import { errnoOf, isAbsent, writeGroupFile } from './group/group-files.js'
import type { Group } from './group/group-path.js'
import { cgroupHint } from './group/hints.js'
import { MARK, MODE, OURS } from './group/mark.js'
import { removeGroup, removeParents } from './remove/remove-group.js'

/** As in make-instructions.ts: parents may be removed by others between our two mkdirs. */
const ATTEMPTS = 1000

/** @returns false if it was there; undefined if a parent is missing. @throws SyscallError */
async function makeDirectory(directory: string): Promise<boolean | undefined> {
  try {
    await mkdir(directory, { mode: MODE })
    return true
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'EEXIST') return false
    if (code === 'ENOENT') return undefined
    throw new SyscallError({
      syscall: 'mkdir',
      errno: (error as NodeJS.ErrnoException).errno ?? 0,
      path: directory,
      message: `cannot make the cgroup "${directory}"`,
      call: `mkdir("${directory}", 0${MODE.toString(8)})`,
      hint: cgroupHint('mkdir', code),
      cause: error,
    })
  }
}

/** @returns false if another container, which left it empty, has removed it meanwhile */
function markParent(parent: string): boolean {
  try {
    lsetxattr(parent, MARK, Buffer.from(OURS))
    return true
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}

/** @returns whether the group is new */
async function make({ parents, directory }: Group): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let missing = false
    for (const parent of parents) {
      const made = await makeDirectory(parent)
      missing = made === undefined || (made && !markParent(parent))
      // Again from the top: what is made below a parent that others make anew would stay without a mark, and for ever.
      if (missing) break
    }
    const made = missing ? undefined : await makeDirectory(directory)
    if (made !== undefined) return made
  }
  throw new RtError('RT_NOT_FOUND', `cannot make the cgroup "${directory}": its parents keep disappearing`, {
    hint: 'another program removes empty cgroups, or the cgroup file system is not mounted any more',
  })
}

async function inherit(from: string, to: string, file: string): Promise<void> {
  if ((await readFile(`${to}/${file}`, 'utf8')).trim() !== '') return
  await writeGroupFile(to, file, await readFile(`${from}/${file}`, 'utf8'))
}

async function performOne(action: Exclude<Action, { kind: 'make' }>): Promise<void> {
  switch (action.kind) {
    case 'inherit':
      return inherit(action.from, action.to, action.file)
    case 'devices':
      return replaceDeviceProgram(action.directory, action.program)
    case 'write': {
      const { directory, file, value, option, optional } = action
      try {
        return await writeGroupFile(directory, file, value, option)
      } catch (error) {
        // The caller asked for statistics that aren't to be had here; stats() leaves them out.
        if (!optional || errnoOf(error) === undefined) throw error
      }
    }
  }
}

/** @throws RtError with the remedy if what was made can't be removed; its cause is why it was to be removed */
async function undo(actions: readonly Action[], made: readonly Group[], cause: unknown): Promise<void> {
  try {
    await removeGroup(made)
    for (const action of actions) if (action.kind === 'make') await removeParents(action)
  } catch (error) {
    const hint = error instanceof Error ? error.message : String(error)
    throw new RtError('RT_BUSY', 'the cgroup is incomplete, and what was made of it is left', { hint, cause })
  }
}

/**
 * Do what a plan says, with Node's asynchronous fs. If something fails, the groups that this call made are removed
 * again.
 *
 * @throws SyscallError of the write that failed, naming file and value
 */
export async function perform(actions: readonly Action[]): Promise<void> {
  const made: Group[] = []
  try {
    for (const action of actions) {
      if (action.kind !== 'make') await performOne(action)
      else if (await make(action)) made.push(action)
    }
  } catch (error) {
    await undo(actions, made, error)
    throw error
  }
}
