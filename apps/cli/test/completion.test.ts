// requires bash; zsh and fish where they are installed
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CAPABILITIES } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { bashCompletion } from '../src/completion/bash.js'
import { fishCompletion } from '../src/completion/fish.js'
import { completionRows } from '../src/completion/model.js'
import { zshCompletion } from '../src/completion/zsh.js'
import { childrenOf, containerPid } from './container-pid.js'
import { start } from './rt.js'

const rows = await completionRows()

/** COMP_LINE and COMP_WORDS: readline breaks words at colons and equals signs. */
const asBash = (words: readonly string[]): string[] => [
  words.join(' '),
  ...words.flatMap((word) => (word === '' ? [''] : word.split(/([:=]+)/).filter(Boolean))),
]

/** What bash offers for the last of these words. */
function bash(...words: string[]): string[] {
  const script = `${bashCompletion(rows)}
COMP_LINE=$1; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_rt
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script, 'bash', ...asBash(['rt', ...words])], {
    cwd: '/',
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\n').filter(Boolean)
}

describe('bash', () => {
  it.each<[string[], string[]]>([
    [['ex'], ['explain', 'exec']],
    [['image', 'in'], ['inspect']],
    [['image', 'ls', '--dig'], ['--digests']],
    [['--ver'], ['--version']],
    [
      ['run', '--mem'],
      ['--memory', '--memory-swap', '--memory-reservation'],
    ],
    [
      ['run', '--network', ''],
      ['none', 'host'],
    ],
    [['run', '--network', 'h'], ['host']],
    [['run', '--cap-add', 'NET_A'], ['NET_ADMIN']],
    [
      ['run', '--memory', '5m', '--cpu-'],
      ['--cpu-shares', '--cpu-quota', '--cpu-period'],
    ],
    [['run', '--env-file', '/etc/os-rel'], ['/etc/os-release']],
    [['run', '--user', 'roo'], ['root']],
    [['run', '/us'], ['/usr']],
    [['run', '-i', '/us'], ['/usr']],
    [['explain', 'r'], ['run']],
    [['explain', '--js'], ['--json']],
    [
      ['explain', '--json', 'run', '--mem'],
      ['--memory', '--memory-swap', '--memory-reservation'],
    ],
    [['trace', 'run', '--network', 'n'], ['none']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [
      ['lab', ''],
      ['1', '2', '3', '4'],
    ],
    [['help', 'doc'], ['doctor']],
    [
      ['run', '--userns='],
      ['host', 'auto', 'self'],
    ],
    [['run', '--userns=h'], ['host']],
    [
      ['run', '--network=none', '--mem'],
      ['--memory', '--memory-swap', '--memory-reservation'],
    ],
    [['run', '--network=none', '/us'], ['/usr']],
    [['run', 'oc'], ['oci:']],
    [['run', 'oci:/us'], ['/usr']],
    [['run', '--add-host', 'a:1.2.3.4', '/us'], ['/usr']],
  ])('rt %j → %j', (words, offers) => {
    expect(bash(...words)).toEqual(offers)
  })

  it('offers programs behind --, and behind SOURCE', () => {
    expect(bash('run', '--', 'mkdi')).toContain('mkdir')
    expect(bash('run', '/usr', 'mkdi')).toContain('mkdir')
  })
})

describe('what an option takes is offered, whatever command it is of', () => {
  const valued = rows.flatMap(({ name, options }) =>
    options.flatMap(([option, { value, complete }]) =>
      value === undefined ? [] : [[`${name} --${option} ${value}`, option, value, complete] as const],
    ),
  )

  it.each(valued)('%s', (_, option, value, complete) => {
    const words = value.split('|')
    if (/^[a-z]/.test(value)) expect(complete).toEqual(words)
    // A directory of the container isn't here to be looked at.
    else if (value === 'DIR' && option !== 'workdir') expect(complete).toBe('directory')
    else if (value.startsWith('HOST:')) expect(complete).toBe('directory')
    else if (value === 'FILE' || value.startsWith('HOST[:')) expect(complete).toBe('file')
    else if (value === 'PROGRAM') expect(complete).toBe('command')
    else if (value.startsWith('USER')) expect(complete).toBe('user')
    else if (value === 'CAP') expect(complete).toEqual(['ALL', ...Object.keys(CAPABILITIES).map(withoutCap)])
    else if (/^(FIELDS|OPTION|NAME=SOFT\[:HARD\]|OS\/.*)$/.test(value)) expect(complete).toEqual(expect.any(Array))
    // The rest only the user knows.
    else expect(complete).toBeUndefined()
  })
  const withoutCap = (name: string): string => name.slice('CAP_'.length)

  it.each(rows.map(({ name }) => name))('%s: a path completes to a path', (name) => {
    for (const [line, option, , complete] of valued) {
      if (!line.startsWith(`${name} --`)) continue
      if (complete === 'file')
        expect(bash(...name.split(' '), `--${option}`, '/etc/pass'), line).toContain('/etc/passwd')
      if (complete === 'directory') expect(bash(...name.split(' '), `--${option}`, '/us'), line).toEqual(['/usr'])
    }
  })
})

describe('images and containers', () => {
  /** A layout with two names, one of them with a colon in it. */
  function layout(): string {
    const folder = temporaryFolder('layout')
    const named = (name: string) => ({ digest: 'sha256:0', annotations: { 'org.opencontainers.image.ref.name': name } })
    writeFileSync(
      join(folder, 'index.json'),
      JSON.stringify({ manifests: [named('latest'), named('example.org/x:1')] }),
    )
    writeFileSync(join(folder, 'root.tar.gz'), '')
    return folder
  }

  it('bash offers archives, and the names of an image layout', () => {
    const folder = layout()
    expect(bash('run', `${folder}/r`)).toEqual([`${folder}/root.tar.gz`])
    expect(bash('run', `oci:${folder}:`)).toEqual(['latest', 'example.org/x:1'])
    expect(bash('run', `oci:${folder}:la`)).toEqual(['latest'])
    expect(bash('run', `oci:${folder}:example.org/x:`)).toEqual(['1'])
  })

  it('executes nothing that a file or an image calls itself', (context) => {
    const folder = layout()
    const names = ['$(touch made)', '`touch made`', ';touch made;', '*', "'"]
    const manifests = names.map((name) => ({ annotations: { 'org.opencontainers.image.ref.name': name } }))
    writeFileSync(join(folder, 'index.json'), JSON.stringify({ manifests }))
    for (const name of names) mkdirSync(join(folder, name.replace('/', '')), { recursive: true })
    const before = readdirSync(folder)
    expect(bash('run', `oci:${folder}:`).sort()).toEqual([...names].sort())
    expect(bash('run', `${folder}/`)).toHaveLength(names.length + 1)
    // bash runs in /, fish where the tests do.
    expect(existsSync('/made')).toBe(false)
    needs(context, 'fish')
    expect(fish(`rt run oci:${folder}:`)).toHaveLength(names.length)
    expect(readdirSync(folder)).toEqual(before)
    expect(existsSync('made')).toBe(false)
  })

  it('fish does, too', (context) => {
    needs(context, 'fish')
    const folder = layout()
    expect(fish(`rt run oci:${folder}:`)).toEqual([`oci:${folder}:example.org/x:1`, `oci:${folder}:latest`])
    expect(fish('rt run oci:/us')).toEqual(['oci:/usr'])
  })

  it('offers exec the processes of containers, and no others', async (context) => {
    needs(context, 'root', 'busybox')
    const container = start(['run', '-i', busyboxRoot(), 'sh', '-c', 'echo up; cat'])
    try {
      await container.says('up')
      const offered = bash('exec', '')
      const { pid } = container.child
      const init = String(containerPid(pid as number))
      const heir = childrenOf(pid as number).filter((child) => String(child) !== init)
      expect(offered).toContain(init)
      for (const other of [process.pid, pid, ...heir, 1]) expect(offered).not.toContain(String(other))
    } finally {
      container.child.stdin.end()
      await container.exited
    }
  })
})

/** The script in a file, since a shell can't open the socket that Node gives it as stdin. */
function scriptFile(name: string, text: string): string {
  const file = join(temporaryFolder('completion'), name)
  writeFileSync(file, text)
  return file
}

describe.each([
  ['zsh', zshCompletion, '-n'],
  ['fish', fishCompletion, '--no-execute'],
] as const)('%s', (shell, script, check) => {
  it('knows every command and every option', () => {
    const text = script(rows)
    for (const { name, options } of rows) {
      expect(text).toContain(name)
      for (const [option] of options) expect(text).toContain(option)
    }
  })

  it('is a script that the shell can read', (context) => {
    needs(context, shell)
    const { status, stderr } = spawnSync(shell, [check, scriptFile('_rt', script(rows))], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})

/** What fish offers, sorted. */
function fish(line: string): string[] {
  const file = scriptFile('rt.fish', fishCompletion(rows))
  const script = `source ${file}; complete -C ${JSON.stringify(line)}`
  const { stdout } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' })
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((offer) => offer.split('\t')[0] ?? '')
    .sort()
}

describe('fish', () => {
  beforeEach((context) => needs(context, 'fish'))

  it.each([
    ['rt comp', ['compile', 'completion']],
    ['rt run --memory-', ['--memory-reservation', '--memory-swap']],
    ['rt run --network ', ['host', 'none']],
    ['rt explain run --network n', ['none']],
    ['rt completion ', ['bash', 'fish', 'zsh']],
  ])('%s → %j', (line, offers) => {
    expect(fish(line)).toEqual(offers)
  })
})
