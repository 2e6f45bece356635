// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, layerTar, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import type { Options } from '../src/arguments/option.js'
import { EXEC_OPTIONS } from '../src/options/exec.js'
import { RUN_OPTIONS } from '../src/options/run.js'
import { unpacking } from '../src/options/unpacking.js'
import { containerPid } from './container-pid.js'
import { CLI, start, traces } from './rt.js'

/** Stands for a byte that is no UTF-8 (an é in Latin-1), in arguments here and in what is expected. */
const BYTE = '@@'
const LATIN1 = '\xe9'

let root = ''
let work = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  if (root !== '') return
  root = busyboxRoot()
  work = temporaryFolder('bytes')
})

/** A path of the test's own, as bytes. */
const place = (path: string): Buffer => Buffer.from(path.replaceAll(BYTE, LATIN1), 'latin1')

interface Surroundings {
  readonly cwd?: string
  readonly node?: readonly string[]
  /** Variables, whose values may hold the byte. */
  readonly env?: Readonly<Record<string, string>>
}

/** Run words by a shell, which can pass on any byte (Node's own child processes get UTF-8). */
function shell(words: readonly string[], { cwd = work, env = {} }: Surroundings = {}) {
  const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`.replaceAll(BYTE, `'"$byte"'`)
  const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`)
  const script = [
    `byte=$(printf '\\351')`,
    ...variables,
    `cd ${quoted(cwd)}`,
    `exec ${words.map(quoted).join(' ')}`,
  ].join('\n')
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    encoding: 'latin1',
    timeout: 25_000,
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, SHELL: '/bin/sh' },
  })
  return { status, stdout: stdout.replaceAll(LATIN1, BYTE), stderr }
}

const rt = (args: readonly string[], more: Surroundings = {}) =>
  shell([process.execPath, ...(more.node ?? []), '--', CLI, ...args], more)

const ok = (stdout: string) => ({ status: 0, stdout, stderr: '' })

/** Options whose values may hold any byte: a run with one of each, and what the container prints. */
const THROUGH: Readonly<
  Record<string, () => { readonly args: string[]; readonly command: string[]; readonly stdout: string }>
> = {
  env: () => ({ args: ['-e', `A=x${BYTE}`], command: ['sh', '-c', 'printf %s "$A"'], stdout: `x${BYTE}` }),
  'env-file': () => {
    writeFileSync(place(`${work}/file${BYTE}`), place(`# ${BYTE}\nL=${BYTE}\r\n`))
    return { args: ['--env-file', `file${BYTE}`], command: ['sh', '-c', 'printf %s "$L"'], stdout: BYTE }
  },
  workdir: () => ({ args: ['-w', `/made/w${BYTE}`], command: ['pwd'], stdout: `/made/w${BYTE}\n` }),
  entrypoint: () => {
    const program = place(`${root}/bin/p${BYTE}`)
    writeFileSync(program, '#!/bin/sh\necho "$0 $1"\n')
    chmodSync(program, 0o755)
    return { args: ['--entrypoint', `/bin/p${BYTE}`], command: ['x'], stdout: `/bin/p${BYTE} x\n` }
  },
  volume: () => {
    mkdirSync(place(`${work}/v${BYTE}`), { recursive: true })
    writeFileSync(place(`${work}/v${BYTE}/f${BYTE}`), '')
    return {
      args: ['-v', `${work}/v${BYTE}:/d${BYTE}`],
      command: ['sh', '-c', 'printf %s /d[!e]*/f*'],
      stdout: `/d${BYTE}/f${BYTE}`,
    }
  },
  mount: () => {
    mkdirSync(place(`${work}/m${BYTE}`), { recursive: true })
    writeFileSync(place(`${work}/m${BYTE}/f`), '')
    const args = ['--mount', `type=bind,source=${work}/m${BYTE},target=/m${BYTE}`]
    return { args, command: ['sh', '-c', 'printf %s /m*/f'], stdout: `/m${BYTE}/f` }
  },
  tmpfs: () => ({
    args: ['--tmpfs', `/t${BYTE}`],
    command: ['sh', '-c', 'grep -ac "^tmpfs /t. " /proc/mounts; printf %s /t?'],
    stdout: `1\n/t${BYTE}`,
  }),
  device: () => {
    if (!existsSync(place(`${work}/null${BYTE}`))) shell(['mknod', `null${BYTE}`, 'c', '1', '3'])
    const args = ['--device', `${work}/null${BYTE}:/dev/n${BYTE}`]
    return {
      args,
      command: ['sh', '-c', 'for file in /dev/n[!u]*; do printf %s "$file"; echo x > "$file"; done'],
      stdout: `/dev/n${BYTE}`,
    }
  },
}

const withValue = (options: Options): string[] =>
  Object.entries(options).flatMap(([name, { kind }]) => (kind === 'flag' ? [] : [name]))

const mayHoldBytes = (options: Options): string[] =>
  Object.entries(options).flatMap(([name, { bytes }]) => (bytes ? [name] : []))

describe('rt run: an option’s value that is not UTF-8', () => {
  it('the table here names all that take one', () => {
    expect(Object.keys(THROUGH).sort()).toEqual(mayHoldBytes(RUN_OPTIONS).sort())
    expect(mayHoldBytes(EXEC_OPTIONS).sort()).toEqual(['env', 'env-file', 'workdir'])
    expect(mayHoldBytes(unpacking)).toEqual([])
  })

  it.each(Object.keys(THROUGH))('--%s: every byte of it arrives', (name) => {
    const { args, command, stdout } = (THROUGH[name] as (typeof THROUGH)['env'])()
    expect(rt(['run', ...args, root, ...command])).toEqual(ok(stdout))
    // As one word too.
    const [, value] = args
    expect(rt(['run', `--${name}=${value}`, root, ...command])).toEqual(ok(stdout))
  })

  it('every other option refuses it by its name, all at once, and nothing is made', () => {
    const others = withValue(RUN_OPTIONS).filter((name) => !Object.hasOwn(THROUGH, name))
    const before = traces()
    const { status, stdout, stderr } = rt(['run', ...others.flatMap((name) => [`--${name}`, `x${BYTE}`]), root, 'true'])
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' })
    const lines = others.map((name) => `  --${name}: expected UTF-8, got "x\\351"`)
    expect(stderr.split('\n').slice(1)).toEqual([...lines, '  hint: rt run --help', ''])
    expect(traces()).toEqual(before)
  })
})

describe('rt run: other words that are not UTF-8', () => {
  it('arguments arrive, also empty ones and those beside them', () => {
    const command = ['printf', '[%s]', BYTE, '', `é${BYTE}€`, '\ufffd', '', '']
    const shown = `[${BYTE}][][é${BYTE}€][\ufffd][][]`
    // Read as Latin-1 above: what is UTF-8 in it looks so.
    expect(rt(['run', root, ...command])).toEqual(ok(Buffer.from(shown).toString('latin1')))
  })

  it('whatever options Node itself was started with', () => {
    const args = ['run', root, 'printf', '%s', BYTE]
    expect(rt(args, { node: ['--stack-size=900', '--no-warnings'] })).toEqual(ok(BYTE))
    expect(rt(args, { env: { NODE_OPTIONS: '--no-warnings' } })).toEqual(ok(BYTE))
    expect(rt(args, { env: { BASH_ENV: `/${BYTE}` } })).toEqual(ok(BYTE))
  })

  it('a command', () => {
    copyFileSync(join(root, 'bin/busybox'), place(`${root}/bin/busybox${BYTE}`))
    expect(rt(['run', root, `busybox${BYTE}`, 'echo', 'ran'])).toEqual(ok('ran\n'))
    const { status, stderr } = rt(['run', root, `none${BYTE}`])
    expect(status).toBe(127)
    expect(stderr).toMatch(/^rt: COMMAND: cannot run "none\\351": not found in \$PATH\n/)
  })

  it('variables of rt itself, asked for by name', () => {
    const command = ['sh', '-c', 'printf %s "$X"']
    expect(rt(['run', '-e', 'X', root, ...command], { env: { X: `a${BYTE}` } })).toEqual(ok(`a${BYTE}`))
    writeFileSync(join(work, 'names'), 'X\n')
    expect(rt(['run', '--env-file', 'names', root, ...command], { env: { X: `b${BYTE}` } })).toEqual(ok(`b${BYTE}`))
    expect(rt(['run', '-e', `Y${BYTE}=1`, root, 'env']).stdout).toContain(`\nY${BYTE}=1\n`)
  })

  it('SOURCE, a directory: absolute, relative, and thrown away', () => {
    const named = `${work}/root${BYTE}`
    if (!existsSync(place(named))) shell(['cp', '-a', root, named])
    for (const source of [named, `root${BYTE}`, `./root${BYTE}/`]) {
      expect(rt(['run', source, 'cat', '/etc/hostname'])).toMatchObject({ status: 0, stderr: '' })
    }
    expect(rt(['run', named, 'touch', '/mine'])).toEqual(ok(''))
    expect(rt(['run', '--ephemeral', named, 'sh', '-c', 'ls /mine; touch /gone'])).toEqual(ok('/mine\n'))
    expect(readdirSync(place(named))).toContain('mine')
    expect(readdirSync(place(named))).not.toContain('gone')
    // Started there, each relative path counts from it.
    const options = ['-v', './etc:/e:ro', '--env-file', 'etc/variables']
    writeFileSync(place(`${named}/etc/variables`), 'V=1\n')
    expect(rt(['run', ...options, '.', 'sh', '-c', 'echo $V; ls /e/passwd'], { cwd: named })).toEqual(
      ok('1\n/e/passwd\n'),
    )
  })

  it('SOURCE, an archive or an image: is refused', () => {
    copyFileSync(layerTar(root), place(`${work}/layer${BYTE}.tar`))
    for (const source of [`layer${BYTE}.tar`, `oci:${work}/image${BYTE}`, `nothing${BYTE}`]) {
      const { status, stderr } = rt(['run', source, 'true'])
      expect(status).toBe(125)
      expect(stderr).toMatch(/^rt: SOURCE: ".*\\351.*" is not UTF-8, and no directory/)
    }
  })
})

describe('rt exec', () => {
  it('options and words arrive, and so does what is taken over from the container', async () => {
    const container = start([
      'run',
      root,
      'sh',
      '-c',
      'b=$(printf "\\351"); mkdir -p /in$b; cd /in$b; export OWN=$b; echo ready; exec sh -c "sleep 100; :"',
    ])
    try {
      await container.says('ready\n')
      const pid = String(containerPid(container.child.pid as number))
      const exec = (...args: string[]) => rt(['exec', ...args])
      expect(exec(pid, 'sh', '-c', 'echo "$OWN"; pwd')).toEqual(ok(`${BYTE}\n/in${BYTE}\n`))
      expect(exec(pid, 'printf', '%s', BYTE)).toEqual(ok(BYTE))
      expect(exec('-e', `A=${BYTE}`, pid, 'sh', '-c', 'printf %s "$A"')).toEqual(ok(BYTE))
      expect(exec('-w', `/in${BYTE}`, pid, 'pwd')).toEqual(ok(`/in${BYTE}\n`))
      writeFileSync(place(`${work}/exec${BYTE}`), place(`A=${BYTE}\n`))
      expect(exec('--env-file', `exec${BYTE}`, pid, 'sh', '-c', 'printf %s "$A"')).toEqual(ok(BYTE))
      for (const name of withValue(EXEC_OPTIONS).filter((each) => !mayHoldBytes(EXEC_OPTIONS).includes(each))) {
        expect(exec(`--${name}`, `x${BYTE}`, pid, 'true').stderr).toContain(
          `rt: --${name}: expected UTF-8, got "x\\351"`,
        )
      }
      expect(exec(`1${BYTE}`, 'true').stderr).toContain(
        'rt: PID: expected a whole number from 1 to 4194304, got "1\\351"',
      )
    } finally {
      container.child.kill('SIGKILL')
      await container.exited
    }
  })
})

describe('rt unpack', () => {
  it.each<[string, string[], string]>([
    ['SOURCE', [`layer${BYTE}.tar`, 'out'], ''],
    ['DIR', ['layer.tar', `out${BYTE}`], ''],
    ['SOURCE', ['layer.tar', '/tmp/never'], `sub${BYTE}`],
    ['DIR', ['/layer.tar', 'out'], `sub${BYTE}`],
  ])('%s: is refused by its name, %j in "%s", and nothing is made', (name, words, folder) => {
    const cwd = join(temporaryFolder('unpack'), folder)
    mkdirSync(place(cwd), { recursive: true })
    const { status, stderr } = rt(['unpack', ...words], { cwd })
    expect(status).toBe(125)
    expect(stderr).toContain(`${name}: expected a path in UTF-8, got "/`)
    expect(readdirSync(place(cwd))).toEqual([])
  })

  it('every option refuses it by its name', () => {
    const names = withValue(unpacking)
    const { stderr } = rt(['unpack', ...names.flatMap((name) => [`--${name}`, BYTE]), 'a', 'b'])
    for (const name of names) expect(stderr).toContain(`  --${name}: expected UTF-8, got "\\351"\n`)
  })
})

describe('names in an archive', () => {
  it.each(['gnu', 'pax', 'ustar'])('%s: arrive as they are', (format) => {
    const folder = temporaryFolder('archive')
    const made = shell(
      [
        'sh',
        '-c',
        `mkdir -p d$0/e$0 && echo content > d$0/f$0 && ln d$0/f$0 h$0 && ln -s d$0/f$0 s$0 && ln -s ../h$0 d$0/up`,
        BYTE,
      ],
      { cwd: folder },
    )
    expect(made).toEqual(ok(''))
    expect(shell(['tar', `--format=${format}`, '-cf', '../names.tar', '.'], { cwd: folder })).toEqual(ok(''))
    const archive = join(folder, '../names.tar')
    const list = ['sh', '-c', 'cd "$1" && find . | sort && cat s* d*/up && readlink s*', 'sh']
    const expected = shell([...list, folder])
    expect(expected.stdout).toContain(`./d${BYTE}/f${BYTE}\n`)
    const out = join(temporaryFolder('out'), 'out')
    expect(rt(['unpack', archive, out]).status).toBe(0)
    expect(shell([...list, out])).toEqual(expected)
  })
})

describe('what is written', () => {
  it('rt compile -o, and the program has the bytes', () => {
    expect(rt(['compile', 'run', root, 'printf', '%s', BYTE, '-o', `c${BYTE}`])).toEqual(ok(''))
    expect(shell([`./c${BYTE}`])).toEqual(ok(BYTE))
    expect(rt(['compile', '-o', `d${BYTE}`, 'run', '-w', `/etc/passwd/x${BYTE}`, root, 'true'])).toEqual(ok(''))
    // Its messages are made beforehand, and every length in them must be right.
    const { status, stderr } = shell([`./d${BYTE}`])
    expect(status).toBe(125)
    expect(stderr).toMatch(
      /^rt: working directory \(--workdir \/etc\/passwd\/x\\351\): openat2\(.*x\\351.* = -1 ENOTDIR\n {2}hint: a part of the path is there and is no directory\n$/,
    )
  })

  it('rt trace -o', () => {
    expect(rt(['trace', '-o', `trace${BYTE}`, 'run', root, 'true'])).toEqual(ok(''))
    expect(readFileSync(place(`${work}/trace${BYTE}`), 'utf8')).toContain('execve')
  })

  it('rt explain, also as JSON: bytes are shown as escapes', () => {
    const options = Object.values(THROUGH).flatMap((option) => option().args)
    const run = ['run', ...options, root, 'printf', BYTE]
    const { stdout } = rt(['explain', ...run])
    for (const shown of ['"/made/w\\351"', 'mount "/t\\351" (--tmpfs /t\\351)', '"printf", "\\351"]']) {
      expect(stdout).toContain(shown)
    }
    const json = rt(['explain', '--json', ...run]).stdout
    const text = JSON.stringify(JSON.parse(json))
    expect(text).not.toMatch(/[\ufffd\ud800-\udfff]|\\ud[89a-f]/u)
    expect(json).not.toContain(BYTE)
  })
})
