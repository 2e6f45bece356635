// requires bash; zsh and fish where they are installed
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { bashCompletion } from '../src/completion/bash.js'
import { fishCompletion } from '../src/completion/fish.js'
import { completionRows } from '../src/completion/model.js'
import { zshCompletion } from '../src/completion/zsh.js'

const rows = await completionRows()

/** What bash offers for the last of these words. */
function bash(...words: string[]): string[] {
  const script = `${bashCompletion(rows)}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_rt
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script, 'bash', 'rt', ...words], {
    cwd: '/',
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\n').filter(Boolean)
}

describe('bash', () => {
  it.each<[string[], string[]]>([
    [['ex'], ['explain', 'exec']],
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
    [['run', '--memory', '5m', '--cpu-'], ['--cpu-shares']],
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
  ])('rt %j → %j', (words, offers) => {
    expect(bash(...words)).toEqual(offers)
  })

  it('offers programs behind --, and behind SOURCE', () => {
    expect(bash('run', '--', 'mkdi')).toContain('mkdir')
    expect(bash('run', '/usr', 'mkdi')).toContain('mkdir')
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

describe('fish', () => {
  beforeEach((context) => needs(context, 'fish'))

  it.each([
    ['rt comp', ['compile', 'completion']],
    ['rt run --memory-', ['--memory-reservation', '--memory-swap']],
    ['rt run --network ', ['host', 'none']],
    ['rt explain run --network n', ['none']],
    ['rt completion ', ['bash', 'fish', 'zsh']],
  ])('%s → %j', (line, offers) => {
    const file = scriptFile('rt.fish', fishCompletion(rows))
    const { stdout } = spawnSync('fish', ['--no-config', '-c', `source ${file}; complete -C ${JSON.stringify(line)}`], {
      encoding: 'utf8',
    })
    expect(
      stdout
        .split('\n')
        .filter(Boolean)
        .map((offer) => offer.split('\t')[0])
        .sort(),
    ).toEqual(offers)
  })
})
