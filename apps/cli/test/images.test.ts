// requires root, busybox, ports of 127.0.0.1; with tmux and skopeo what they show too
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { putLayout } from '../../../packages/image/test/support/set-up.js'
import { TestRegistry } from '../../../packages/registry/test/support/registry-server.js'
import { busyboxRoot, layerTar, needs, ociLayout, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { CLI, rt, start } from './rt.js'
import { Screen } from './screen.js'

let registry: TestRegistry
let digest: string
const layer = layerTar(busyboxRoot())
const config = { Cmd: ['sh', '-c', 'echo from the image'], Env: ['A=b'], Labels: { kind: 'test' } }

beforeAll(async () => {
  registry = await TestRegistry.start()
  digest = putLayout(registry, 'team/app', 'v1', ociLayout({ layers: [layer], config })).digest
})
afterAll(() => registry.close())

const name = () => `${registry.host}/team/app:v1`
const newRootDir = () => join(temporaryFolder('images'), 'rt')

/** The registry is this process: rt must not be waited for in a way that stops it. */
async function run(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const { exited, output, child } = start(args)
  child.stdin.end()
  const { status } = await exited
  return { status, ...output() }
}

/** As folders or as tars, whichever the machine has them. */
const layersIn = (rootDir: string): string[] =>
  ['layers', 'erofs']
    .map((form) => join(rootDir, form, 'sha256'))
    .flatMap((path) => (existsSync(path) ? readdirSync(path) : []))

async function storeWithImage() {
  const rootDir = newRootDir()
  const pulled = await run('pull', '-q', '--root-dir', rootDir, name())
  expect(pulled).toEqual({ status: 0, stdout: `${name()}\n`, stderr: '' })
  const on = (command: readonly string[], ...args: string[]) => run(...command, '--root-dir', rootDir, ...args)
  const image = (command: string, ...args: string[]) => on(['image', command], ...args)
  return { rootDir, on, image }
}

describe('rt pull', () => {
  it('tells what Docker tells', async () => {
    const rootDir = newRootDir()
    const first = await run('pull', '--root-dir', rootDir, name())
    expect(first.status).toBe(0)
    const [head, ...rest] = first.stdout.split('\n')
    expect(head).toBe(`v1: Pulling from ${registry.host}/team/app`)
    expect(rest).toEqual([
      expect.stringMatching(/^[0-9a-f]{12}: Pulling fs layer$/),
      expect.stringMatching(/^[0-9a-f]{12}: Pull complete$/),
      `Digest: ${digest}`,
      `Status: Downloaded newer image for ${name()}`,
      name(),
      '',
    ])
    const again = await run('pull', '--root-dir', rootDir, name())
    expect(again.stdout).toContain(`Status: Image is up to date for ${name()}\n`)
  })

  it('on a terminal, a line for each layer', async (context) => {
    needs(context, 'tmux')
    const screen = new Screen()
    try {
      screen.type(`clear; ${process.execPath} -- ${CLI} pull --root-dir ${newRootDir()} ${name()}; echo "code $?"`)
      await screen.shows(/code \d/)
      const shown = screen.text().split('\n')
      expect(shown.slice(0, 2)).toEqual([
        `v1: Pulling from ${registry.host}/team/app`,
        expect.stringMatching(/^[0-9a-f]{12}: Pull complete$/),
      ])
      expect(shown).toContain('code 0')
    } finally {
      screen.close()
    }
  })

  it('in lines of JSON', async () => {
    const { status, stdout } = await run('pull', '--json', '--root-dir', newRootDir(), name())
    expect(status).toBe(0)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { status: string; progressDetail?: object })
    expect(lines.some(({ status, progressDetail }) => status === 'Downloading' && progressDetail)).toBe(true)
  })

  it.each([
    ['a name that is none', () => 'Team/App', /names of repositories are lower-case/],
    ['a tag that is not there', () => `${registry.host}/team/app:v9`, /answered 404/],
    ['a host that is not there', () => '127.0.0.1:1/x', /ECONNREFUSED/],
  ])('says what is wrong: %s', async (_, wrong, message) => {
    const { status, stdout, stderr } = await run('pull', '-q', '--root-dir', newRootDir(), wrong())
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' })
    expect(stderr).toMatch(message)
  })

  it('all tags', async () => {
    putLayout(registry, 'many', 'a', ociLayout({ layers: [layer] }))
    putLayout(registry, 'many', 'b', ociLayout({ layers: [layer] }))
    const rootDir = newRootDir()
    const { status, stdout } = await run('pull', '-aq', '--root-dir', rootDir, `${registry.host}/many`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${registry.host}/many:a\n${registry.host}/many:b\n` })
  })
})

describe('rt run NAME', () => {
  it('pulls what is missing, and not what is there', async () => {
    const rootDir = newRootDir()
    const first = await run('run', '--root-dir', rootDir, name())
    expect(first).toMatchObject({ status: 0, stdout: 'from the image\n' })
    expect(first.stderr).toContain(`Unable to find image '${name()}' locally`)
    registry.seen.length = 0
    const second = await run('run', '--root-dir', rootDir, name(), 'sh', '-c', 'echo $A')
    expect(second).toEqual({ status: 0, stdout: 'b\n', stderr: '' })
    expect(registry.seen).toEqual([])
    const always = await run('run', '-q', '--pull', 'always', '--root-dir', rootDir, `docker://${name()}`)
    expect(always).toEqual({ status: 0, stdout: 'from the image\n', stderr: '' })
    expect(registry.seen.map(({ method }) => method)).toEqual(['HEAD'])
  })

  it('never asks with --pull never, and says what would', async () => {
    registry.seen.length = 0
    const { status, stderr } = await run('run', '--pull', 'never', '--root-dir', newRootDir(), name())
    expect(status).toBe(125)
    expect(stderr).toContain(`rt pull ${name()}`)
    expect(registry.seen).toEqual([])
  })

  it('by the beginning of its ID, and a program that is not there is told once', async () => {
    const { on, image } = await storeWithImage()
    const { stdout: id } = await image('ls', '-q')
    expect(await on(['run'], id.trim())).toEqual({ status: 0, stdout: 'from the image\n', stderr: '' })
    const missing = await on(['run'], name(), 'nosuch')
    expect(missing).toMatchObject({
      status: 127,
      stderr: expect.stringMatching(/^rt: COMMAND: cannot run "nosuch": not found/),
    })
  })

  it('a path is never a name', async () => {
    const { status, stderr } = await run('run', './nosuch')
    expect(status).toBe(125)
    expect(stderr).toContain('looked for a directory or a tar file')
  })
})

describe('rt image', () => {
  it('ls in columns, templates, JSON, filtered', async () => {
    const { image } = await storeWithImage()
    const { stdout } = await image('ls')
    expect(stdout).toMatch(
      /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n127\.0\.0\.1:\d+\/team\/app +v1 +[0-9a-f]{12} +\d+ years ago +[\d.]+[kM]B\n$/,
    )
    expect((await image('ls', '--format', '{{.Repository}}:{{.Tag}}')).stdout).toBe(`${name()}\n`)
    expect(JSON.parse((await image('ls', '--format', 'json')).stdout)).toMatchObject({ Tag: 'v1', Digest: digest })
    expect(
      (await image('ls', '-q', '--filter', 'label=kind=test', '--filter', 'reference=*/team/*:v1')).stdout,
    ).not.toBe('')
    expect((await image('ls', '-q', '--filter', 'label=kind=other')).stdout).toBe('')
    expect((await image('ls', '--filter', 'lable=x')).stderr).toContain('did you mean label?')
    expect((await image('ls', '--format', '{{.Tga}}')).stderr).toContain('did you mean .Tag?')
  })

  it('inspect, history', async () => {
    const { image } = await storeWithImage()
    const [found] = JSON.parse((await image('inspect', name())).stdout)
    expect(found).toMatchObject({
      RepoTags: [name()],
      RepoDigests: [`${registry.host}/team/app@${digest}`],
      Config: config,
    })
    const format = '{{join .RepoTags ","}} {{json .Config.Env}} {{index .Config.Labels "kind"}}'
    expect((await image('inspect', '-f', format, name())).stdout).toBe(`${name()} ["A=b"] test\n`)
    expect(await image('inspect', 'nosuch')).toMatchObject({
      status: 125,
      stdout: '[]\n',
      stderr: expect.stringContaining('no such image: nosuch'),
    })
    expect((await image('history', '--format', '{{.ID}}', name())).stdout).toBe('')
  })

  it('tag, rm: an image is there as long as it has a name', async () => {
    const { rootDir, image } = await storeWithImage()
    expect(await image('tag', name(), 'other')).toMatchObject({ status: 0 })
    expect((await image('rm', name())).stdout).toBe(`Untagged: ${name()}\n`)
    expect((await image('ls', '--format', '{{.Repository}}:{{.Tag}}')).stdout).toBe('other:latest\n')
    const { stdout } = await image('rm', 'other')
    expect(stdout).toMatch(/^Untagged: other:latest\n(Deleted: sha256:[0-9a-f]{64}\n){3}$/)
    expect(readdirSync(join(rootDir, 'images/blobs/sha256'))).toEqual([])
    expect(await image('rm', 'other')).toMatchObject({
      status: 125,
      stderr: expect.stringContaining('no such image: other'),
    })
    expect(await image('rm', '-f', 'other')).toMatchObject({ status: 0 })
  })

  it('prune leaves what a container uses, and takes it when that has ended', async () => {
    const { rootDir, image } = await storeWithImage()
    const container = start(['run', '-i', '--root-dir', rootDir, name(), 'sh', '-c', 'echo on; cat; ls /bin/busybox'])
    await container.says('on')
    await image('prune', '--all')
    expect(layersIn(rootDir)).toHaveLength(1)
    container.child.stdin.end()
    expect(await container.exited).toMatchObject({ status: 0 })
    expect(container.output().stdout).toContain('/bin/busybox')
    expect((await image('prune')).stdout).toMatch(/^Deleted Images:\n/)
    expect(layersIn(rootDir)).toEqual([])
  })

  it('check finds what is damaged, and repairs', async () => {
    const { rootDir, image } = await storeWithImage()
    expect(await image('check')).toMatchObject({ status: 0, stdout: expect.stringContaining('is sound') })
    writeFileSync(join(rootDir, 'images/blobs', ...digest.split(':')), '')
    expect(await image('check')).toMatchObject({ status: 1, stdout: expect.stringContaining('the blob is empty') })
    expect(await image('check', '--repair')).toMatchObject({ status: 0 })
    expect(await image('check')).toMatchObject({ status: 0 })
  })

  it('save, load, import; and run from archives', async () => {
    const { on, image } = await storeWithImage()
    const folder = temporaryFolder('archives')
    const tar = join(folder, 'saved.tar')
    expect(await image('save', '-o', tar, name())).toEqual({ status: 0, stdout: '', stderr: '' })
    const rootDir = newRootDir()
    const loaded = await run('image', 'load', '-i', tar, '--root-dir', rootDir)
    expect(loaded).toEqual({ status: 0, stdout: `Loaded image: ${name()}\n`, stderr: '' })
    for (const source of [`docker-archive:${tar}`, `oci-archive:${tar}:${name()}`, name()]) {
      const told = await on(['run'], '--pull', 'never', source)
      expect(told, source).toEqual({ status: 0, stdout: 'from the image\n', stderr: '' })
    }
    expect((await on(['run'], tar)).stderr).toMatch(/hint: rt run (docker|oci)-archive:/)
    expect((await on(['run'], `docker-archive:${tar}:other`)).stderr).toContain(`it has: ${name()}`)
    const piped = rt(['image', 'load', '--root-dir', newRootDir()], { input: readFileSync(tar) as never })
    expect(piped).toMatchObject({ status: 0, stdout: `Loaded image: ${name()}\n` })
    const imported = await image('import', '-c', 'CMD echo imported', '-c', 'ENV A=1 B="2 3"', layer, 'mine')
    expect(imported.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/)
    expect((await on(['run'], '--pull', 'never', 'mine')).stdout).toBe('imported\n')
    expect((await on(['run'], '--pull', 'never', 'mine', 'sh', '-c', 'echo $A $B')).stdout).toBe('1 2 3\n')
    expect((await image('import', '-c', 'CMDD x', layer)).stderr).toContain('did you mean CMD?')
  })

  it('load and import give up a pipe that nobody writes to', async () => {
    for (const command of [['load'], ['import', '-']]) {
      const rootDir = newRootDir()
      const waiting = start(['image', command[0] as string, '--root-dir', rootDir, ...command.slice(1)])
      await expect
        .poll(() => existsSync(rootDir) && readdirSync(rootDir).some((name) => name.startsWith('stdin-')))
        .toBe(true)
      waiting.child.kill('SIGINT')
      expect(await waiting.exited, command[0]).toEqual({ status: 130, signal: null })
      expect(readdirSync(rootDir)).toEqual(['images'])
    }
  })

  it('what podman saves is loaded, and what rt saves podman loads', async (context) => {
    needs(context, 'podman')
    const { image } = await storeWithImage()
    const folder = temporaryFolder('podman')
    const tar = join(folder, 'saved.tar')
    await image('save', '-o', tar, name())
    const places = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs']
    const podman = (...args: string[]) => execFileSync('podman', [...places, ...args], { encoding: 'utf8' })
    expect(podman('load', '-qi', tar)).toContain(name())
    for (const format of ['docker-archive', 'oci-archive']) {
      const file = join(folder, format)
      podman('save', '-q', '--format', format, '-o', file, name())
      expect((await run('image', 'load', '-i', file, '--root-dir', newRootDir())).stdout).toBe(
        `Loaded image: ${name()}\n`,
      )
    }
    podman('rmi', '-f', name())
  })

  it('is read by skopeo, and reads what skopeo writes', async (context) => {
    needs(context, 'skopeo')
    const { rootDir, image } = await storeWithImage()
    const layout = join(rootDir, 'images')
    execFileSync('skopeo', ['copy', '-q', `oci:${layout}:${name()}`, `oci:${layout}:docker.io/library/copied:v2`])
    expect((await image('ls', '--format', '{{.Repository}}:{{.Tag}}')).stdout.split('\n').sort()).toEqual(
      ['', name(), 'copied:v2'].sort(),
    )
    expect(await run('run', '--pull', 'never', '--root-dir', rootDir, 'copied:v2')).toMatchObject({
      stdout: 'from the image\n',
    })
  })

  it('alone prints its commands, and a typo what was meant', async () => {
    expect(rt(['image']).stdout).toContain('\n  inspect ')
    expect(rt(['image', 'lss']).stderr).toContain('did you mean rt image ls?')
    expect(rt(['image', 'list', '--help']).stdout).toContain('Usage: rt image ls')
    expect(rt(['images', '--help']).stdout).toContain('Usage: rt image ls')
  })
})

describe('rt push', () => {
  it('brings an image to a registry, and says how', async () => {
    const { on } = await storeWithImage()
    const target = `${registry.host}/pushed:v2`
    const { status, stdout } = await on(['push'], name(), target)
    expect(status).toBe(0)
    expect(stdout).toContain(`The push refers to repository [${registry.host}/pushed]\n`)
    expect(stdout).toContain(`v2: digest: ${digest} size: `)
    expect(await run('run', '-q', '--root-dir', newRootDir(), target)).toMatchObject({ stdout: 'from the image\n' })
  })
})
