import { call, ROOT, ref, type Step } from '@rt/program'
import {
  AT_FDCWD,
  AT_RECURSIVE,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MS_PRIVATE,
  MS_REC,
  O_CLOEXEC,
  O_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from '@rt/sys'

// The least that a root needs around it. @rt/mountns has these whole; here they are a few calls each, so that these
// tests look at nothing but this package.

/** Namespaces of its own, propagation private. */
export const namespaces = (clone = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC): Step => ({
  name: 'namespaces',
  why: 'test',
  clone,
  ...(clone & CLONE_NEWNS ? { 'init.enter': [call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null])] } : {}),
})

/** A directory as the tree of `root`. */
export const tree = (directory: string): Step => ({
  name: 'tree',
  why: 'test',
  'host.open': [
    call('open_tree', [AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE], {
      save: '$tree',
      of: directory,
    }),
  ],
})

/** A filesystem at a directory of the root that is there. */
export const filesystem = (type: string, place: string, options: Readonly<Record<string, string>> = {}): Step => ({
  name: `mount /${place}`,
  why: 'test',
  'init.mount': [
    call('fsopen', [type, FSOPEN_CLOEXEC], { save: 'fs' }),
    ...Object.entries(options).map(([name, value]) =>
      call('fsconfig', [ref('fs'), FSCONFIG_SET_STRING, name, value, 0]),
    ),
    call('fsconfig', [ref('fs'), FSCONFIG_CMD_CREATE, null, null, 0]),
    call('fsmount', [ref('fs'), FSMOUNT_CLOEXEC, 0], { save: 'mount' }),
    call('openat', [ref(ROOT), place, O_PATH | O_CLOEXEC], { save: 'place' }),
    call('move_mount', [ref('mount'), '', ref('place'), '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH]),
  ],
})

export const proc = (): Step => filesystem('proc', 'proc')
