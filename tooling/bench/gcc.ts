import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../fixtures/temporary-folder.js'
import { Unavailable } from './row.js'

let folder: string | undefined

/**
 * Compiles a C program that lies beside this file, optimized.
 *
 * @param name without `.c`.
 * @param header a file that is included before the source; by its name one executable is told from another.
 * @param linking static: the best that C can do at start-up; dynamic: what a distribution ships.
 * @returns the executable.
 * @throws Unavailable without gcc; Error with gcc's complaints.
 */
export function compiled(name: string, linking: 'static' | 'dynamic' = 'static', header?: string): string {
  folder ??= temporaryFolder('bench-c')
  const executable = join(folder, `${name}-${linking}${header === undefined ? '' : `-${basename(header, '.h')}`}`)
  if (existsSync(executable)) return executable
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url))
  const flags = ['-Wall', '-Wextra', '-Werror', ...(linking === 'static' ? ['-static'] : [])]
  const include = header === undefined ? [] : ['-include', header]
  try {
    execFileSync('gcc', ['-O2', ...flags, ...include, '-o', executable, source], { stdio: 'pipe' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Unavailable('gcc is not installed: sh tooling/setup-debian.sh gcc libc6-dev')
  }
  return executable
}
