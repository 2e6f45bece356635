// requires /bin/sleep and a writable /tmp: processes of the test's own are killed
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('kill-nobody.ts', import.meta.url))
const root = fileURLToPath(new URL('../../..', import.meta.url))

it('kills who is named: not 0, which would be our own process group, and goes on after who is gone', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    cwd: root,
    env: { ...process.env, TSX_TSCONFIG_PATH: `${root}/tsconfig.json` },
    // A process group of its own, which dies if 0 is taken for a pid.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes
  })
  const end = await new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  expect(end).toEqual({ code: 0, signal: null })
  expect(JSON.parse(stdout)).toEqual({ byNode: 'SIGKILL', byProgram: 'SIGKILL' })
})
