import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { exec, root } from '@rt/chroot'
import { directoryTree, type MountInfo, type NamespaceOptions, namespaces, parseMountinfo } from '@rt/mountns'
import { compile, type Exit, openedByInit, type Plan, run, type StepList, sequence } from '@rt/program'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'

export interface Outcome {
  readonly exit: Exit
  readonly stdout: string
  readonly stderr: string
}

const OWN: NamespaceOptions = { mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }

export interface Container {
  /** A directory, or a tree step. */
  readonly tree: string | StepList
  readonly mounts?: StepList
  readonly namespaces?: NamespaceOptions
  readonly after?: StepList
}

/** A plan that runs a shell command of busybox in the given root. */
export const shellPlan = (container: Container, command: string): Plan =>
  sequence(
    namespaces(container.namespaces ?? OWN),
    root(typeof container.tree === 'string' ? directoryTree(container.tree) : container.tree, container.mounts),
    container.after,
    exec(['/bin/sh', '-c', command], { env: ['PATH=/bin:/usr/bin'] }),
  )

/** Run it and read what it prints. */
export async function runPlan(plan: Plan): Promise<Outcome> {
  const container = await run(plan, { stdio: ['null', 'pipe', 'pipe'] })
  const [stdout, stderr, exit] = await Promise.all([
    text(container.stdout as NodeJS.ReadableStream),
    text(container.stderr as NodeJS.ReadableStream),
    container.exited,
  ])
  return { exit, stdout, stderr }
}

export const shell = (container: Container, command: string): Promise<Outcome> => runPlan(shellPlan(container, command))

/** The mount table that a process of the container sees, if it has /proc. */
export async function mountsInside(container: Container): Promise<MountInfo[]> {
  const { stdout, stderr } = await shell(container, 'cat /proc/self/mountinfo')
  if (stderr) throw new Error(stderr)
  return parseMountinfo(stdout)
}

/** All but what other runs mount meanwhile in temporary folders of their own. */
export const mountsOfHost = (): MountInfo[] =>
  parseMountinfo(readFileSync('/proc/self/mountinfo')).filter(
    ({ mountPoint }) => !mountPoint.startsWith(`${tmpdir()}/rt-`) || mountPoint.startsWith(RUN_FOLDER),
  )
const RUN_FOLDER = process.env.RT_RUN_FOLDER ?? tmpdir()

/**
 * Run a plan, compiled, as a plain user who owns nothing; `prepare` is a shell command that root runs before, `groups` the
 * option of setpriv(1) for the user's supplementary groups.
 */
export function runAsNobody(
  plan: Plan,
  prepare = 'true',
  opens: 'init' | 'supervisor' = 'init',
  groups = '--clear-groups',
) {
  const folder = temporaryFolder('nobody')
  chmodSync(folder, 0o755)
  // mkdtemp closes a folder to others; its content here is nobody's secret.
  chmodSync(dirname(folder), dirname(folder) === tmpdir() ? 0o1777 : 0o711)
  const file = `${folder}/container`
  writeFileSync(file, compile(opens === 'init' ? openedByInit(plan) : plan), { mode: 0o755 })
  const script = `${prepare} && exec setpriv --reuid ${NOBODY} --regid ${NOBODY} ${groups} "$0"`
  return spawnSync('unshare', ['--mount', 'sh', '-c', script, file], { encoding: 'utf8', cwd: '/', timeout: 20_000 })
}

/** Run a plan, compiled, in a mount namespace that a shell command has changed before. */
export function runInMountNamespace(plan: Plan, prepare: string) {
  const file = `${temporaryFolder('prepared')}/container`
  writeFileSync(file, compile(plan), { mode: 0o755 })
  const args = ['--mount', 'sh', '-c', `${prepare} && exec "$0"`, file]
  return spawnSync('unshare', args, { encoding: 'utf8', cwd: '/', timeout: 20_000 })
}

export const NOBODY = 65534

const APPLETS = [
  'cat',
  'chmod',
  'cut',
  'echo',
  'env',
  'grep',
  'head',
  'hostname',
  'id',
  'ls',
  'mkdir',
  'mount',
  'readlink',
  'rm',
  'rmdir',
  'sh',
  'stat',
  'touch',
  'true',
  'wc',
]

let busybox: string | undefined

/** A root filesystem of its own for the caller, with a shell and little more: made in a millisecond. */
export function tinyRoot(): string {
  const root = temporaryFolder('tiny')
  chmodSync(root, 0o755)
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp']) mkdirSync(`${root}/${folder}`)
  if (!busybox) {
    busybox = `${temporaryFolder('busybox')}/busybox`
    copyFileSync('/usr/bin/busybox', busybox)
    chmodSync(busybox, 0o755)
  }
  linkSync(busybox, `${root}/bin/busybox`)
  for (const applet of APPLETS) symlinkSync('busybox', `${root}/bin/${applet}`)
  writeFileSync(`${root}/etc/hosts`, '127.0.0.1\tlocalhost\n')
  writeFileSync(`${root}/etc/hostname`, 'tiny\n')
  return root
}
