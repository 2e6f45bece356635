import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { debianRoot, ociLayout, temporaryFolder } from '../../fixtures/index.js'
import { type Candidate, Unavailable } from '../row.js'
import { commandCandidate, type SpawnerOptions } from '../spawner.js'
import { installed } from './peers.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const cli = here('../../../apps/cli/dist/rt.js')

/** 400 MB of Debian as one tar.gz, made once (layer.sh). */
async function bigLayer(): Promise<string> {
  installed('debootstrap', 'debootstrap')
  const folder = here('../../../node_modules/.cache/rt-fixtures/layer-400mb')
  execFileSync('sh', [here('../layer.sh'), folder, await debianRoot()], { stdio: ['ignore', 'ignore', 'inherit'] })
  return join(folder, 'layer.tar.gz')
}

/**
 * A command that unpacks into `target`, which is new each time. What was there is moved away, and deleted only with
 * everything else: ext4 doesn't give out an inode again within seconds of its deletion, and looks for another one so
 * slowly that nothing but that would be measured.
 */
function unpacking(
  name: string,
  command: string[],
  target: string,
  options: SpawnerOptions,
  exists: boolean,
): Candidate {
  const candidate = commandCandidate(name, command, options)
  let count = 0
  return {
    ...candidate,
    once() {
      if (existsSync(target)) renameSync(target, `${target}.${count++}`)
      if (exists) mkdirSync(target)
      execFileSync('sync') // the disk isn't still busy with the one before
      return candidate.once()
    },
  }
}

/** `rt unpack`. */
export async function rtUnpack(options: SpawnerOptions = {}): Promise<Candidate> {
  if (!existsSync(cli)) throw new Unavailable('the CLI is not built: npm run build')
  const target = join(temporaryFolder('unpack-rt'), 'root')
  return unpacking('rt unpack', [process.execPath, cli, 'unpack', await bigLayer(), target], target, options, false)
}

/** GNU tar, keeping what rt keeps: owners by number, modes, times, xattrs. */
export async function gnuTar(options: SpawnerOptions = {}): Promise<Candidate> {
  const target = join(temporaryFolder('unpack-tar'), 'root')
  const keep = ['--numeric-owner', '--same-owner', '--preserve-permissions', '--xattrs', '--xattrs-include=*']
  const command = ['tar', '--extract', '--gzip', ...keep, '--file', await bigLayer(), '--directory', target]
  return unpacking('GNU tar', command, target, options, true)
}

/** `umoci unpack` of an image that has this layer. */
export async function umoci(options: SpawnerOptions = {}): Promise<Candidate> {
  installed('umoci', 'umoci')
  const target = join(temporaryFolder('unpack-umoci'), 'bundle')
  const image = `${ociLayout({ layers: [await bigLayer()], tag: 'big' })}:big`
  return unpacking('umoci', ['umoci', 'unpack', '--image', image, target], target, options, false)
}
