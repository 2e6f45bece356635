import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../../../tooling/fixtures/temporary-folder.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** How a program ended, and what it wrote. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs TypeScript in a process of its own, where `@rt/*` are the sources.
 *
 * @param uid user and group to run as
 */
export async function runChild(
  code: string,
  options: { uid?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<ChildEnd> {
  const file = join(temporaryFolder('child'), 'child.mts')
  writeFileSync(file, code)
  const { uid, env } = options
  // Another user must be able to read it.
  if (uid !== undefined) for (const path of [file, dirname(file), dirname(dirname(file))]) chmodSync(path, 0o755)
  const child: ChildProcess = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), TSX_DISABLE_CACHE: '1', ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  let [stdout, stderr] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [exit, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code: exit, signal, stdout, stderr }
}
