// `npm run compare:docker`: the rows of tooling/docker/rows.ts, each given to docker and to rt; writes apps/cli/DOCKER.md.
// And what a default container of each may do, by tooling/docker/aspects.ts, into SECURITY.md (`-- security`: only this).
// Needs root, Debian's docker.io and busybox-static. Exits with 1 if a row differs without a reason, or has a reason
// and doesn't differ.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RUN_OPTIONS } from '../apps/cli/src/options/run.js'
import { type Daemon, startDaemon } from './docker/daemon.js'
import { look } from './docker/look.js'
import { page } from './docker/page.js'
import type { Answer, Compared, Row } from './docker/row.js'
import { SECTIONS } from './docker/rows.js'
import { writeSecurityTable } from './docker/security-table.js'
import { attacker, busyboxRoot } from './fixtures/index.js'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** In namespaces of its own: what dockerd mounts, starts and configures is gone with this process, however it ends. */
const INSIDE = 'RT_COMPARE_INSIDE'
if (process.env[INSIDE] === undefined) {
  const { status } = spawnSync(
    'unshare',
    [
      '--mount',
      '--net',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      process.execPath,
      ...process.execArgv,
      ...process.argv.slice(1),
    ],
    { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } },
  )
  process.exit(status ?? 1)
}

/** Where RT says, or the clone's own. */
const RT = process.env.RT ?? here('../rt')
const IMAGE = 'rt-compare'
/** Ids of containers, which are random. */
const ID = /\b[0-9a-f]{12}\b/g

async function main(): Promise<number> {
  const folder = mkdtempSync('/tmp/rt-docker-')
  try {
    // Overlay wants an upper directory on a file system that is none itself.
    execFileSync('mount', ['-t', 'tmpfs', 'rt-docker', folder])
    // Shared, so that docker grants propagation as it does on a host of systemd's.
    execFileSync('mount', ['--make-shared', folder])
    execFileSync('mount', ['-t', 'tmpfs', 'run', '/run'])
    process.env.RT_RUN_FOLDER = folder
    execFileSync('ip', ['link', 'set', 'lo', 'up'])
    const daemon = await startDaemon(folder)
    try {
      const archive = importRoot(folder, daemon)
      await compareSafety(folder, daemon, archive)
      return process.argv[2] === 'security' ? 0 : compareAll(folder, daemon, archive)
    } finally {
      await daemon.stop()
    }
  } finally {
    // Lazily: the last container's shim may not be gone yet. It goes with this pid namespace.
    spawnSync('umount', ['--recursive', '--lazy', folder])
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One root filesystem for both, with what looks around in it. */
function importRoot(folder: string, daemon: Daemon): string {
  const archive = join(folder, 'root.tar')
  const root = busyboxRoot()
  for (const name of ['refused-calls', 'read-keyrings', 'mount-cgroups']) {
    copyFileSync(attacker(name), join(root, 'bin', name))
  }
  execFileSync('tar', ['-C', root, '-cf', archive, '.'])
  const imported = daemon.docker(['import', archive, IMAGE])
  if (imported.status !== 0) throw new Error(`docker import: ${imported.stderr}`)
  return archive
}

const versionOf = (daemon: Daemon): string =>
  daemon.docker(['version', '--format', '{{.Server.Version}}']).stdout.trim()

async function compareSafety(folder: string, daemon: Daemon, archive: string): Promise<void> {
  const docker = await look({
    words: ['docker', 'run', '--rm', '--network', 'none'],
    root: [IMAGE],
    env: daemon.env,
  })
  const rt = await look({
    words: [RT, 'run', '--root-dir', join(folder, 'rt')],
    root: [archive],
    env: process.env,
  })
  writeSecurityTable(versionOf(daemon), docker, rt)
}

function compareAll(folder: string, daemon: Daemon, archive: string): number {
  const given = join(folder, 'given')
  mkdirSync(join(given, 'sub'), { recursive: true })
  writeFileSync(join(given, 'file'), 'outside\n')
  writeFileSync(join(given, 'env'), '# comment\nA=1\n B=x y\nC\n')

  const answer = (row: Row): Compared => {
    const options = row.options.map((each) => each.replaceAll('FOLDER', given))
    const command = row.command ?? ['true']
    const words = typeof command === 'string' ? ['sh', '-c', command] : command
    // Its daemon has no bridge; rt's default is the same without being told.
    const network = options.some((each) => each.startsWith('--network')) ? [] : ['--network', 'none']
    const docker = daemon.docker(['run', '--rm', ...network, ...options, IMAGE, ...words], row.input)
    const run = ['run', '--root-dir', join(folder, 'rt'), ...options, archive, ...words]
    const { status, stdout, stderr } = spawnSync(RT, run, { input: row.input ?? '', encoding: 'utf8', timeout: 30_000 })
    const rt = { status, stdout, stderr }
    const isSame = docker.status === rt.status && normal(docker) === normal(rt)
    return { row, docker, rt, isSame }
  }
  const sections = SECTIONS.map(({ title, rows }) => ({ title, results: rows.map(answer) }))
  const ownOptions = ['ephemeral', 'root-dir', 'max-entries', 'max-depth', 'max-size', 'max-ratio']
  const missing = Object.keys(RUN_OPTIONS).filter(
    (name) => !ownOptions.includes(name) && !SECTIONS.some(({ rows }) => rows.some((row) => names(row, name))),
  )
  writeFileSync(here('../apps/cli/DOCKER.md'), page({ dockerVersion: versionOf(daemon), sections, ownOptions }))

  const wrong = sections.flatMap(({ results }) => results).filter(isUnexpected)
  for (const { row, docker, rt, isSame } of wrong) {
    console.error(
      `${isSame ? 'has a reason, and does not differ' : 'differs'}: ${row.options.join(' ')} | ${row.command ?? 'true'}`,
    )
    if (!isSame) console.error(`  docker ${inFull(docker)}\n  rt     ${inFull(rt)}`)
  }
  for (const name of missing) console.error(`no row: --${name}`)
  const all = sections.reduce((sum, { results }) => sum + results.length, 0)
  console.error(`${all} rows, ${wrong.length} not as expected`)
  return wrong.length + missing.length > 0 ? 1 : 0
}

const isUnexpected = ({ row, isSame }: Compared): boolean =>
  isSame ? row.differs !== undefined && !row.mayAgree : row.differs === undefined

const normal = ({ stdout }: Answer): string => stdout.replace(ID, 'ID')

const inFull = ({ status, stdout, stderr }: Answer): string =>
  `${status} ${JSON.stringify(stdout)} ${JSON.stringify(stderr.slice(0, 300))}`

/** Does the row give the option, by its long name or its letter? */
function names({ options }: Row, name: string): boolean {
  const short = RUN_OPTIONS[name as keyof typeof RUN_OPTIONS].short
  return options.some(
    (each) =>
      each === `--${name}` ||
      each.startsWith(`--${name}=`) ||
      (short !== undefined && new RegExp(`^-[a-z]*${short}`).test(each)),
  )
}

process.exitCode = await main()
