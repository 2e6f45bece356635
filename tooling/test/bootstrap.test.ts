// requires a POSIX shell, find and git; no root, no network: npm, the build and the CLI are stand-ins
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../..', import.meta.url))

let root: string
const write = (path: string, text: string, mode = 0o644): void => {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
}

/** ./rt of the copy, with stand-ins for node's relatives first in PATH. */
const rt = (arguments_: string[] = [], options: { cwd?: string; file?: string; input?: string } = {}) =>
  spawnSync(options.file ?? join(root, 'rt'), arguments_, {
    cwd: options.cwd ?? root,
    encoding: 'utf8',
    input: options.input ?? '',
    env: { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` },
  })

const work = 'rt: installing dependencies (first run)...\nrt: building...\n'

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rt-bootstrap-test-'))
  for (const path of ['rt', 'tooling/bootstrap.sh', 'tooling/stale.sh', 'tooling/tsup']) {
    cpSync(join(repository, path), join(root, path), { recursive: true })
  }
  write('package.json', '{ "packageManager": "pnpm@1.2.3" }')
  for (const path of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', 'tsconfig.base.json']) write(path, '')
  for (const path of ['apps/cli/tsup.config.ts', 'apps/cli/src/rt.ts', 'packages/sys/src/index.ts']) write(path, '')
  for (const path of ['apps/cli/package.json', 'packages/sys/package.json']) write(path, '{}')
  // npx "installs" a tsup that takes a moment to "build" a CLI which shows what it was given.
  write('cli.js', `process.stdin.pipe(process.stdout); console.log(process.cwd(), process.argv.slice(2).join('|'))`)
  write(
    'tsup',
    '#!/bin/sh\nsleep 0.3\nif [ -f ../../broken ]; then echo "no such thing"; exit 1; fi\necho x >>../../builds\nmkdir -p dist\ncp ../../cli.js dist/rt.js\n',
    0o755,
  )
  write(
    'bin/npx',
    '#!/bin/sh\necho "$@" >>installs\nmkdir -p node_modules/.pnpm node_modules/.bin\ncp tsup node_modules/.bin/tsup\n',
    0o755,
  )
})
afterEach(() => rmSync(root, { recursive: true }))

it('has one pnpm: packageManager (./rt) and the devDependency (turbo) agree', () => {
  const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    packageManager: string
    devDependencies: { pnpm: string }
  }
  expect(manifest.packageManager).toBe(`pnpm@${manifest.devDependencies.pnpm}`)
})

describe('./rt', () => {
  it('installs with the pinned pnpm and builds on the first run, then is quiet', () => {
    expect(rt(['a b', 'c'])).toMatchObject({ status: 0, stderr: work, stdout: `${root} a b|c\n` })
    expect(spawnSync('cat', [join(root, 'installs')], { encoding: 'utf8' }).stdout).toContain(
      'pnpm@1.2.3 install --frozen-lockfile',
    )
    expect(rt(['again'])).toMatchObject({ status: 0, stderr: '', stdout: `${root} again\n` })
  })

  it('leaves stdin to the CLI, also when there is work', () => {
    expect(rt([], { input: 'typed\n' }).stdout).toContain('typed\n')
  })

  it('runs in the caller’s folder, through a symlink too', () => {
    const link = join(root, 'bin/link')
    symlinkSync(join(root, 'rt'), link)
    rt()
    expect(rt(['x'], { cwd: join(root, 'bin'), file: link }).stdout).toBe(`${join(root, 'bin')} x\n`)
  })

  it.each([
    ['an edited source', () => write('packages/sys/src/index.ts', 'x'), 'rt: building...\n'],
    ['a new file', () => write('apps/cli/src/new.ts', 'x'), 'rt: building...\n'],
    ['a deleted file', () => rmSync(join(root, 'packages/sys/src/index.ts')), 'rt: building...\n'],
    ['a missing bundle', () => rmSync(join(root, 'apps/cli/dist'), { recursive: true }), 'rt: building...\n'],
    [
      'a changed lockfile',
      () => write('pnpm-lock.yaml', 'x'),
      'rt: installing dependencies (they changed)...\nrt: building...\n',
    ],
    ['a missing node_modules', () => rmSync(join(root, 'node_modules'), { recursive: true }), work],
  ])('works again after %s', (_, change, message) => {
    rt()
    change()
    expect(rt()).toMatchObject({ status: 0, stderr: message })
    expect(rt()).toMatchObject({ status: 0, stderr: '' })
  })

  it('sees an edit made while it was building', () => {
    rt()
    // As old as just after the build began: older than the bundle, newer than the stamp.
    const during = new Date(Date.now() - 100)
    utimesSync(join(root, 'packages/sys/src/index.ts'), during, during)
    expect(rt().stderr).toBe('rt: building...\n')
  })

  it('shows the log of a failed build, answers 125, and tries again next time', () => {
    write('broken', '')
    const failed = rt()
    expect(failed).toMatchObject({ status: 125, stdout: '' })
    expect(failed.stderr).toContain('no such thing\nrt: this failed')
    rmSync(join(root, 'broken'))
    expect(rt()).toMatchObject({ status: 0, stderr: 'rt: building...\n' })
  })

  it('builds once when two start at once', async () => {
    const start = () =>
      new Promise<number | null>((resolve) => {
        const child = spawn(join(root, 'rt'), [], {
          stdio: 'ignore',
          env: { ...process.env, PATH: `${join(root, 'bin')}:${process.env.PATH}` },
        })
        child.on('exit', resolve)
      })
    expect(await Promise.all([start(), start(), start()])).toEqual([0, 0, 0])
    expect(spawnSync('cat', [join(root, 'builds')], { encoding: 'utf8' }).stdout).toBe('x\n')
  })

  it.each([
    ['v18.20.1', false],
    ['v20.18.3', false],
    ['v20.19.0', true],
    ['v22.0.0', true],
  ])('under Node %s: accepted is %s', (version, accepted) => {
    write('bin/node', `#!/bin/sh\n[ "$*" = --version ] && exec echo ${version}\nexec ${process.execPath} "$@"\n`, 0o755)
    const { status, stderr } = rt()
    expect(status).toBe(accepted ? 0 : 125)
    expect(existsSync(join(root, 'installs'))).toBe(accepted)
    if (!accepted) expect(stderr).toBe(`rt: rt needs Node.js 20.19 or newer; ${root}/bin/node is ${version}\n`)
  })

  it('says so on another system than Linux', () => {
    write('bin/uname', '#!/bin/sh\necho Darwin\n', 0o755)
    expect(rt()).toMatchObject({ status: 125, stdout: '' })
    expect(rt().stderr).toContain('rt needs Linux')
  })
})
