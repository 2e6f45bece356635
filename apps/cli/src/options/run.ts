import type { OptionGroup, Values } from '../arguments/option.js'
import { commandOptions } from './command.js'
import { container } from './container.js'
import { mounts } from './mounts.js'
import { namespaceOptions } from './namespaces.js'
import { resources } from './resources.js'
import { terminal } from './terminal.js'
import { unpacking } from './unpacking.js'
import { user } from './user.js'

/** The options of `rt run`: parsing, --help, shell completion and the documentation all read this table. */
export const RUN_OPTIONS = {
  ...terminal,
  ...commandOptions,
  ...mounts,
  ...user,
  ...namespaceOptions,
  ...resources,
  ...container,
  ...unpacking,
}

export type RunValues = Values<typeof RUN_OPTIONS>

export const RUN_GROUPS: readonly OptionGroup[] = [
  { title: 'Terminal', options: terminal },
  { title: 'Command', options: commandOptions },
  { title: 'Files and devices', options: mounts },
  { title: 'User and privileges', options: user },
  { title: 'Namespaces and names', options: namespaceOptions },
  { title: 'Resources', options: resources },
  { title: 'Container', options: container },
  { title: 'Limits of an archive', options: unpacking },
]
