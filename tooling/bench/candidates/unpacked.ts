import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { debianRoot, ociLayout } from '../../fixtures/index.js'
import { type Candidate, Unavailable } from '../row.js'
import { commandCandidate, type SpawnerOptions } from '../spawner.js'
import { installed } from './peers.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const cli = here('../../../apps/cli/dist/rt.js')

/** 400 MB of Debian as one tar.gz, made once (layer.sh). */
export async function bigLayer(): Promise<string> {
  installed('debootstrap', 'debootstrap')
  const folder = here('../../../node_modules/.cache/rt-fixtures/layer-400mb')
  execFileSync('sh', [here('../layer.sh'), folder, await debianRoot()], { stdio: ['ignore', 'ignore', 'inherit'] })
  return join(folder, 'layer.tar.gz')
}

/**
 * A folder in memory. On a disk it would be measured, not the programs: writing back goes on behind them, and ext4
 * without a journal avoids inodes that were deleted within the last minutes, so that 10 of 14 seconds are its search for
 * others (RECENTCY_MIN in fs/ext4/ialloc.c) once a tree was deleted.
 */
function folderInMemory(name: string): string {
  const folder = mkdtempSync(`/dev/shm/rt-bench-${name}-`)
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A command that unpacks into `target`, which is new each time. */
function unpacking(
  name: string,
  command: string[],
  target: string,
  options: SpawnerOptions,
  exists: boolean,
): Candidate {
  const candidate = commandCandidate(name, command, options)
  return {
    ...candidate,
    once() {
      rmSync(target, { recursive: true, force: true })
      if (exists) mkdirSync(target)
      return candidate.once()
    },
  }
}

/** `rt unpack`. */
export async function rtUnpack(options: SpawnerOptions = {}): Promise<Candidate> {
  if (!existsSync(cli)) throw new Unavailable('the CLI is not built: npm run build')
  const target = join(folderInMemory('rt'), 'root')
  return unpacking('rt unpack', [process.execPath, cli, 'unpack', await bigLayer(), target], target, options, false)
}

/** GNU tar, keeping what rt keeps: owners by number, modes, times, xattrs. */
export async function gnuTar(options: SpawnerOptions = {}): Promise<Candidate> {
  const target = join(folderInMemory('tar'), 'root')
  const keep = ['--numeric-owner', '--same-owner', '--preserve-permissions', '--xattrs', '--xattrs-include=*']
  const command = ['tar', '--extract', '--gzip', ...keep, '--file', await bigLayer(), '--directory', target]
  return unpacking('GNU tar', command, target, options, true)
}

/** `umoci unpack` of an image that has this layer. */
export async function umoci(options: SpawnerOptions = {}): Promise<Candidate> {
  installed('umoci', 'umoci')
  const target = join(folderInMemory('umoci'), 'bundle')
  const image = `${ociLayout({ layers: [await bigLayer()], tag: 'big' })}:big`
  return unpacking('umoci', ['umoci', 'unpack', '--image', image, target], target, options, false)
}
