import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from '@rt/sys'

/** Namespaces by mountns's names: their flag, and their file in /proc/PID/ns. namespaces(7) */
export const NAMESPACES = Object.freeze({
  user: { flag: CLONE_NEWUSER, file: 'user' },
  mount: { flag: CLONE_NEWNS, file: 'mnt' },
  pid: { flag: CLONE_NEWPID, file: 'pid' },
  net: { flag: CLONE_NEWNET, file: 'net' },
  ipc: { flag: CLONE_NEWIPC, file: 'ipc' },
  uts: { flag: CLONE_NEWUTS, file: 'uts' },
  cgroup: { flag: CLONE_NEWCGROUP, file: 'cgroup' },
  time: { flag: CLONE_NEWTIME, file: 'time' },
} as const)

export type NamespaceName = keyof typeof NAMESPACES
