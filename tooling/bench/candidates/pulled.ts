import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DebianRegistry, debianRegistry, layerTar, ociLayout, temporaryFolder } from '../../fixtures/index.js'
import { benchRoot } from '../root.js'
import { type Candidate, Unavailable } from '../row.js'
import { commandCandidate } from '../spawner.js'
import { installed } from './peers.js'
import { bigLayer } from './unpacked.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const cli = here('../../../apps/cli/dist/rt.js')

const TAG = 'big'
let registry: Promise<DebianRegistry> | undefined
let users = 0

/** A registry that has an image of the big layer, and over it one with /bin/true. */
async function registryWithImage(): Promise<DebianRegistry> {
  installed('docker-registry', 'docker-registry')
  installed('skopeo', 'skopeo')
  registry ??= (async () => {
    const started = await debianRegistry()
    const layout = ociLayout({ layers: [await bigLayer(), layerTar(benchRoot())], config: { Cmd: ['/bin/true'] } })
    const target = `docker://${started.host}/image:${TAG}`
    execFileSync('skopeo', ['copy', '-q', '--dest-tls-verify=false', `oci:${layout}:latest`, target])
    return started
  })()
  return registry
}

let disk: string | undefined

/**
 * A new ext4 on a loop device: on one that is used, ext4 shuns inodes that were deleted within the last minutes, and looks
 * for others (RECENTCY_MIN in fs/ext4/ialloc.c).
 */
function freshDisk(): string {
  if (disk !== undefined) return disk
  const folder = temporaryFolder('disk')
  const file = join(folder, 'ext4')
  execFileSync('truncate', ['-s', '8G', file])
  execFileSync('mkfs.ext4', ['-q', '-F', file])
  const mounted = join(folder, 'mounted')
  mkdirSync(mounted)
  execFileSync('mount', ['-o', 'loop', file, mounted])
  // Before the bench's folder is removed, which this is in.
  process.prependListener('exit', () => execFileSync('umount', ['-l', mounted]))
  disk = mounted
  return disk
}

/** Podman leaves its folder of overlays mounted on itself. */
function clear(folder: string): void {
  spawnSync('umount', ['-l', join(folder, 'root/overlay')], { stdio: 'ignore' })
  rmSync(folder, { recursive: true, force: true })
}

/** A command that begins with nothing in a folder of its own, each time. */
async function pulling(name: string, command: (host: string, folder: string) => readonly string[]): Promise<Candidate> {
  const { host, stop } = await registryWithImage()
  users++
  const folder = join(freshDisk(), name.replaceAll(' ', '-'))
  const candidate = commandCandidate(name, command(host, folder))
  return {
    ...candidate,
    once() {
      clear(folder)
      mkdirSync(folder)
      execFileSync('sync')
      return candidate.once()
    },
    async close() {
      await candidate.close?.()
      clear(folder)
      if (--users === 0) await stop()
    },
  }
}

/** `rt run NAME`, up to its end. */
export function rtRun(layers: 'erofs' | 'folders'): Promise<Candidate> {
  if (!existsSync(cli)) throw new Unavailable('the CLI is not built: npm run build')
  return pulling(`rt ${layers}`, (host, folder) => {
    const options = ['-q', '--layers', layers, '--root-dir', join(folder, 'rt')]
    return [process.execPath, cli, 'run', ...options, `${host}/image:${TAG}`]
  })
}

/** See image-floor.mjs. */
export const floor = (): Promise<Candidate> =>
  pulling('floor', (host, folder) => [
    process.execPath,
    here('../image-floor.mjs'),
    `${host}/image`,
    TAG,
    join(folder, 'layer.tar'),
  ])

const shell = (script: string, ...args: string[]): string[] => ['sh', '-ec', script, 'sh', ...args]

/** skopeo to a layout, umoci from it: no process is started in the end. */
export function skopeoAndUmoci(): Promise<Candidate> {
  installed('umoci', 'umoci')
  const script =
    'skopeo copy -q --src-tls-verify=false "$1" "oci:$2/layout:x"; umoci unpack --image "$2/layout:x" "$2/bundle"'
  return pulling('skopeo and umoci', (host, folder) => shell(script, `docker://${host}/image:${TAG}`, folder))
}

/** skopeo to a directory, and GNU tar for each layer: whiteouts are left as they are. */
export const skopeoAndTar = (): Promise<Candidate> =>
  pulling('skopeo and GNU tar', (host, folder) =>
    shell(
      'skopeo copy -q --src-tls-verify=false "$1" "dir:$2/dir"; mkdir "$2/root"; for layer in "$2"/dir/????????*; do ' +
        'case $layer in *manifest.json) ;; *) tar -C "$2/root" -xzf "$layer" 2>/dev/null || true ;; esac; done',
      `docker://${host}/image:${TAG}`,
      folder,
    ),
  )

/** `podman pull`, on folders of its own. It starts nothing: that needs limits which not every machine's root may set. */
export function podman(): Promise<Candidate> {
  installed('podman', 'podman')
  // Podman takes no longer path than 50 bytes.
  const runroot = mkdtempSync('/tmp/rt-podman-')
  process.on('exit', () => rmSync(runroot, { recursive: true, force: true }))
  return pulling('podman pull', (host, folder) => [
    'podman',
    '--root',
    join(folder, 'root'),
    '--runroot',
    runroot,
    'pull',
    '-q',
    '--tls-verify=false',
    `${host}/image:${TAG}`,
  ])
}
