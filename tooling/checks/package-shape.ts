import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

// publint and attw over each library package as npm would get it. Prints only problems; exits 1 if there is one.
const root = fileURLToPath(new URL('../..', import.meta.url))

interface Result {
  ok: boolean
  output: string
}

const execute = (command: string, args: string[], cwd: string): Promise<Result> =>
  new Promise((resolve) => {
    execFile(command, args, { cwd, encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({ ok: !error, output: stdout + stderr }),
    )
  })

async function problems(name: string, temporary: string): Promise<string[]> {
  const folder = join(root, 'packages', name)
  const found: string[] = []
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true })
  for (const message of messages) {
    // git's address in package.json is worth having, but there is none to name yet.
    found.push(`publint: ${formatMessage(message, pkg) ?? message.code}`)
  }
  const packed = await execute(join(root, 'node_modules/.bin/pnpm'), ['pack', '--pack-destination', temporary], folder)
  if (!packed.ok) return [...found, `pnpm pack: ${packed.output}`]
  const tarball = readdirSync(temporary).find((file) => file.startsWith(`rt-${name}-`)) ?? ''
  // esm-only: these packages have no CommonJS half, on purpose; require(esm) reads them in Node >= 20.19.
  const arguments_ = [
    join(temporary, tarball),
    '--profile',
    'esm-only',
    '--no-color',
    '--no-emoji',
    '--format',
    'ascii',
  ]
  const checked = await execute(join(root, 'node_modules/.bin/attw'), arguments_, folder)
  if (!checked.ok) found.push(`attw: ${checked.output}`)
  return found
}

const temporary = mkdtempSync(join(tmpdir(), 'rt-package-shape-'))
try {
  await Promise.all(
    readdirSync(join(root, 'packages')).map(async (name) => {
      const found = await problems(name, temporary)
      for (const problem of found) console.error(`packages/${name}: ${problem}`)
      if (found.length > 0) process.exitCode = 1
    }),
  )
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
if (process.exitCode) console.error('\nAfter a change: npm run build && npm run check:shape')
