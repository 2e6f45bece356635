// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, layerTar, needs, ociLayout, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { rt, start } from './rt.js'

let base = ''
let upper = ''
let cache = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  if (base !== '') return
  base = layerTar(busyboxRoot())
  const folder = temporaryFolder('upper')
  mkdirSync(join(folder, 'etc'))
  writeFileSync(join(folder, 'etc/issue'), 'from the upper layer\n')
  writeFileSync(join(folder, 'etc/.wh.group'), '')
  upper = layerTar(folder, { compression: 'none' })
  cache = temporaryFolder('cache')
})

const run = (...args: string[]) => rt(['run', '--root-dir', cache, ...args])

describe('an image', () => {
  const CONFIG = {
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: ['echo $FROM $PWD $(id -u) $(cat /etc/issue); ls /etc'],
    Env: ['FROM=image', 'PATH=/bin'],
    WorkingDir: '/srv/work',
    User: 'user',
    StopSignal: 'SIGUSR1',
  }
  let image = ''
  beforeEach(() => {
    if (image === '') image = `oci:${ociLayout({ layers: [base, upper], config: CONFIG })}`
  })

  it('runs with its layers and its configuration, twice as well as once', () => {
    const printed = {
      status: 0,
      signal: null,
      stderr: '',
      stdout: 'image /srv/work 1000 from the upper layer\nhostname\nhosts\nissue\npasswd\nresolv.conf\n',
    }
    expect(run(image)).toEqual(printed)
    expect(run(`${image}:latest`)).toEqual(printed)
  })

  it.each<[string, string[], string[], string]>([
    ['COMMAND replaces Cmd', [], ['echo $FROM'], 'image\n'],
    ['--entrypoint takes Cmd away too', ['--entrypoint', 'id'], [], 'uid=1000(user)'],
    [
      '-e, -u and -w come after the image',
      ['-e', 'FROM=here', '-u', '0', '-w', '/'],
      ['echo $FROM $PWD $(id -u)'],
      'here / 0\n',
    ],
  ])('%s', (_, options, command, stdout) => {
    expect(run(...options, image, ...command)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining(stdout),
    })
  })

  it('is not changed by what a container writes', () => {
    expect(run('-u', '0', image, 'echo x > /etc/issue; rm /etc/passwd; mkdir /new').status).toBe(0)
    expect(run(image).stdout).toContain('from the upper layer\nhostname\nhosts\nissue\npasswd\nresolv.conf\n')
  })

  it('can be explained and compiled', () => {
    expect(rt(['explain', 'run', '--root-dir', cache, image]).stdout).toContain('overlay')
  })

  it.each<[string, string, RegExp]>([
    ['no layout', 'oci:/no/such', /^rt: SOURCE: no OCI layout at "\/no\/such"/],
    ['no tag', 'TAG', /^rt: SOURCE: .*nosuch/],
  ])('%s', (_, source, message) => {
    const { status, stderr } = run(source === 'TAG' ? `${image}:nosuch` : source)
    expect(status).toBe(125)
    expect(stderr).toMatch(message)
  })
})

describe('a tar file', () => {
  it('is a root too, and what is written to it is gone', () => {
    expect(run(base, 'sh', '-c', 'ls /home; mkdir /home/new')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    })
    expect(run(base, 'ls', '/home').stdout).toBe('')
    expect(run(base, 'cat', '/etc/group').stdout).toContain('video:x:44:user')
  })

  it('that is damaged is refused', () => {
    const damaged = join(temporaryFolder('damaged'), 'layer.tar.gz')
    const bytes = readFileSync(base)
    writeFileSync(damaged, bytes.subarray(0, bytes.length - 1000))
    const { status, stderr } = run(damaged, 'true')
    expect(status).toBe(125)
    expect(stderr).toMatch(/^rt: .*layer\.tar\.gz/)
  })
})

describe('rt unpack', () => {
  const into = (): string => join(temporaryFolder('unpack'), 'root')

  it('makes a plain directory of an archive', () => {
    const directory = into()
    const { status, stdout, stderr } = rt(['unpack', base, directory])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^${directory}: \\d+ entries, \\d+ bytes\n$`))
    expect(readFileSync(join(directory, 'etc/hostname'), 'utf8')).toBe('busybox\n')
    expect(rt(['run', directory, 'cat', '/etc/passwd']).stdout).toBe(
      readFileSync(join(directory, 'etc/passwd'), 'utf8'),
    )
  })

  it('makes one directory of all layers of an image; --json says what', () => {
    const directory = into()
    const { stdout } = rt(['unpack', '--json', `oci:${ociLayout({ layers: [base, upper] })}`, directory])
    expect(JSON.parse(stdout)).toMatchObject({ directory, warnings: [] })
    expect(readdirSync(join(directory, 'etc')).sort()).toEqual(['hostname', 'hosts', 'issue', 'passwd'])
  })

  it('--platform chooses among the forms of an image', () => {
    const [layout, other] = [[base], [base, upper]].map((layers) => ociLayout({ layers })) as [string, string]
    cpSync(join(other, 'blobs'), join(layout, 'blobs'), { recursive: true })
    const read = (from: string) => JSON.parse(readFileSync(join(from, 'index.json'), 'utf8'))
    const [index, { manifests }] = [read(layout), read(other)]
    const pdp11 = { ...manifests[0], platform: { os: 'linux', architecture: 'pdp11' } }
    writeFileSync(join(layout, 'index.json'), JSON.stringify({ ...index, manifests: [...index.manifests, pdp11] }))
    const issue = (...options: string[]) =>
      run(...options, `oci:${layout}:latest`, 'ls', '/etc').stdout.includes('issue')
    expect([issue(), issue('--platform', 'linux/pdp11')]).toEqual([false, true])
    const directory = into()
    expect(rt(['unpack', '--platform', 'pdp11', `oci:${layout}:latest`, directory]).status).toBe(0)
    expect(readdirSync(join(directory, 'etc'))).toContain('issue')
    expect(run('--platform', 'linux/s390x', `oci:${layout}:latest`, 'true')).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/s390x[\s\S]*linux\/pdp11/),
    })
  })

  it('leaves a directory that is there alone', () => {
    const directory = temporaryFolder('full')
    writeFileSync(join(directory, 'file'), '')
    expect(rt(['unpack', base, directory])).toMatchObject({ status: 125, stderr: expect.stringMatching(/^rt: /) })
    expect(readdirSync(directory)).toEqual(['file'])
  })

  it('stops at a limit, and leaves nothing', () => {
    const directory = into()
    expect(rt(['unpack', '--max-entries', '5', base, directory])).toMatchObject({
      status: 125,
      stderr: expect.stringContaining('more than 5 entries'),
    })
    expect(existsSync(directory)).toBe(false)
  })

  it('is stopped by Ctrl-C, and leaves nothing', async () => {
    const big = temporaryFolder('big')
    writeFileSync(join(big, 'zeros'), '')
    truncateSync(join(big, 'zeros'), 200 << 20)
    const archive = layerTar(big)
    const directory = into()
    const { child, exited, output } = start(['unpack', archive, directory])
    while (readdirSync(dirname(directory)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGINT')
    expect(await exited).toEqual({ status: 130, signal: null })
    expect(output()).toEqual({ stdout: '', stderr: '' })
    expect(readdirSync(dirname(directory))).toEqual([])
  })
})
