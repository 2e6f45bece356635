import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { temporaryFolder } from '../../fixtures/index.js'
import { benchRoot } from '../root.js'
import { type Candidate, Unavailable } from '../row.js'
import { commandCandidate } from '../spawner.js'
import { ociBundle } from './oci-bundle.js'

/** @throws Unavailable with the remedy, unless the program is in PATH. */
export function installed(program: string, debianPackage: string): void {
  if (spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' }).status === 0) return
  throw new Unavailable(`${program} is not installed: sh tooling/setup-debian.sh ${debianPackage}`)
}

/**
 * crun refuses hybrid cgroups: where the host has them, a tmpfs hides /sys/fs/cgroup/unified in a mount namespace that
 * only crun's spawner is in.
 */
const hidingUnified = (): string[] => {
  const hybrid = / \/sys\/fs\/cgroup\/unified cgroup2 /.test(readFileSync('/proc/mounts', 'utf8'))
  if (!hybrid) return []
  const hide = 'mount -t tmpfs tmpfs /sys/fs/cgroup/unified && exec "$@"'
  return ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-c', hide, 'sh']
}

let count = 0

/** `crun run`, with a cgroup that has a pids limit, or without any. */
export function crun(cgroup: 'with cgroup' | 'without cgroup'): Candidate {
  installed('crun', 'crun')
  const withCgroup = cgroup === 'with cgroup'
  const id = `rt-bench-crun-${process.pid}-${count++}`
  const bundle = ociBundle(withCgroup ? `/rt-bench/${id}` : undefined)
  const global = ['--root', temporaryFolder('crun'), ...(withCgroup ? [] : ['--cgroup-manager=disabled'])]
  const command = ['crun', ...global, 'run', '--bundle', bundle, id]
  return commandCandidate(`crun ${cgroup}`, command, { under: hidingUnified() })
}

/** `runc run`, which always makes a cgroup. */
export function runc(): Candidate {
  installed('runc', 'runc')
  const id = `rt-bench-runc-${process.pid}-${count++}`
  const bundle = ociBundle(`/rt-bench/${id}`)
  return commandCandidate('runc', ['runc', '--root', temporaryFolder('runc'), 'run', '--bundle', bundle, id])
}

/** bubblewrap: the same namespaces and mounts; it knows no cgroups, and its masks of /proc are its own. */
export function bubblewrap(): Candidate {
  installed('bwrap', 'bubblewrap')
  const namespaces = ['pid', 'net', 'ipc', 'uts', 'cgroup'].map((kind) => `--unshare-${kind}`)
  const mounts = ['--bind', benchRoot(), '/', '--proc', '/proc', '--dev', '/dev', '--mqueue', '/dev/mqueue']
  const rest = ['--ro-bind', '/sys', '/sys', '--hostname', 'rt', '--as-pid-1', '--die-with-parent', '--clearenv']
  return commandCandidate('bubblewrap', ['bwrap', ...namespaces, ...mounts, ...rest, '--', '/bin/true'])
}
