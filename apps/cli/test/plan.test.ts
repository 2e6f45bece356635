// requires nothing: plans are built, none is run
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Complaints } from '../src/arguments/complaints.js'
import { parseArguments } from '../src/arguments/parse.js'
import { argvOf, envOf } from '../src/options/command.js'
import { resourcesOf } from '../src/options/resources.js'
import { RUN_OPTIONS, type RunValues } from '../src/options/run.js'
import { terminalMode } from '../src/options/terminal.js'
import { nameFiles } from '../src/plan/name-files.js'
import { operandsOf } from '../src/plan/operands.js'
import { prepare } from '../src/plan/prepare.js'

function values(...args: string[]): RunValues {
  const complaints = new Complaints()
  const parsed = parseArguments(args, RUN_OPTIONS, complaints)
  expect(complaints.list).toEqual([])
  return parsed.values
}

async function steps(args: readonly string[], mode = { interactive: false, tty: false }) {
  const complaints = new Complaints()
  const parsed = parseArguments([...args, '--', 'true'], RUN_OPTIONS, complaints)
  const prepared = await prepare({ values: parsed.values, words: parsed.rest, mode, complaints, defaultName: 'test' })
  prepared.close()
  return prepared.plan.steps
}

describe('the plan of rt run', () => {
  it('is Docker’s sentence: namespaces, cgroups, change root, and then the program', async () => {
    const options = [
      '--tmpfs',
      '/run',
      '--read-only',
      '--init',
      '--security-opt',
      'no-new-privileges',
      '--ulimit',
      'core=0',
      '--oom-score-adj',
      '9',
    ]
    const names = (await steps(options)).map(({ name }) => name)
    // A plain user's root is put together in another way, and he has no cgroup.
    const parts = names.filter((name) => !/^(mount|cgroup|files)/.test(name))
    expect(parts).toEqual([
      'standard streams',
      'namespaces',
      'hostname',
      'private proc',
      'sysctls',
      'root tree',
      'attach root',
      'null streams',
      'masked paths',
      'read-only paths',
      'pivot_root',
      'working directory',
      'read-only root',
      'session',
      'oom_score_adj',
      'rlimits',
      'umask',
      'session keyring',
      'user',
      'capabilities',
      'no_new_privs',
      'init',
      'close descriptors',
      'seccomp',
      'exec',
    ])
  })

  it.each<[string[], string, string]>([
    [['--tmpfs', '/run:size=1m'], 'mount "/run"', '--tmpfs /run:size=1m'],
    [['-v', '/etc:/mnt:ro'], 'mount "/mnt"', '--volume /etc:/mnt:ro'],
    [['--mount', 'type=tmpfs,dst=/x'], 'mount "/x"', '--mount type=tmpfs,dst=/x'],
    [['--hostname', 'web'], 'hostname', '--hostname'],
    [['-w', '/srv'], 'working directory', '--workdir /srv'],
    [['-u', '0'], 'user', '--user 0'],
    [['--cap-drop', 'ALL'], 'capabilities', '--cap-drop ALL'],
    [['--ulimit', 'core=0'], 'rlimits', '--ulimit'],
    [['--oom-score-adj', '5'], 'oom_score_adj', '--oom-score-adj'],
    [['--pid', 'host', '--network', 'host'], 'namespaces', '--network host --pid host'],
    [['--read-only'], 'read-only root', '--read-only'],
    [['--add-host', 'a:1.2.3.4'], 'mount "/etc/hosts"', '--add-host'],
    [['--dns', '1.2.3.4'], 'mount "/etc/resolv.conf"', '--dns'],
    [['--init'], 'init', '--init'],
    [['--device', '/dev/null:/dev/nought'], 'device "/dev/nought"', '--device /dev/null:/dev/nought'],
  ])('%j asks for the step %s', async (args, name, origin) => {
    expect((await steps(args)).find((step) => step.name === name)).toMatchObject({ origin })
  })

  it('-t: a terminal in the place of the session', async () => {
    const names = (await steps([], { interactive: true, tty: true })).map(({ name }) => name)
    expect(names).toContain('terminal')
    expect(names).not.toContain('session')
  })

  it('--uts host: no name is set', async () => {
    expect((await steps(['--uts', 'host'])).map(({ name }) => name)).not.toContain('hostname')
  })

  it('a mount in the place of a default one', async () => {
    const proc = (await steps(['--tmpfs', '/dev/shm'])).filter(({ name }) => name === 'mount "/dev/shm"')
    expect(proc).toEqual([expect.objectContaining({ origin: '--tmpfs /dev/shm' })])
  })
})

describe('the words after the options', () => {
  it.each([
    [[], undefined, []],
    [['--'], undefined, []],
    [['--', 'ls', '-l'], undefined, ['ls', '-l']],
    [['root'], 'root', []],
    [['root', 'ls', '-l'], 'root', ['ls', '-l']],
    [['root', '--', 'ls', '--'], 'root', ['ls', '--']],
    [['--', '--', 'x'], undefined, ['--', 'x']],
  ])('%j', (words, source, command) => {
    expect(operandsOf(words)).toEqual({ ...(source === undefined ? {} : { source }), command })
  })
})

describe('what is executed', () => {
  const image = { entrypoint: ['/entry', '-e'], cmd: ['cmd'], env: ['A=image', 'B=image'] }
  it.each<[string[], string[], object, string[]]>([
    [[], [], {}, []],
    [[], ['x', 'y'], {}, ['x', 'y']],
    [[], [], image, ['/entry', '-e', 'cmd']],
    [[], ['x'], image, ['/entry', '-e', 'x']],
    [['--entrypoint', 'e'], [], image, ['e']],
    [['--entrypoint', 'e'], ['x'], image, ['e', 'x']],
    [['--entrypoint', ''], ['x'], image, ['x']],
    [[], [], { cmd: ['cmd'] }, ['cmd']],
  ])('%j %j on %j: %j', (args, command, config, argv) => {
    expect(argvOf(values(...args), command, config)).toEqual(argv)
  })

  it('finds the environment of the image and of the user, and no other', () => {
    const defaults = { PATH: '/bin', HOSTNAME: 'h', TERM: undefined, HOME: '/root' }
    expect(envOf(values(), {}, defaults)).toEqual(['PATH=/bin', 'HOSTNAME=h', 'HOME=/root'])
    expect(envOf(values('-e', 'B=user', '-e', 'HOME=/h'), image, defaults)).toEqual([
      'PATH=/bin',
      'HOSTNAME=h',
      'A=image',
      'B=user',
      'HOME=/h',
    ])
    expect(envOf(values(), {}, { ...defaults, HOME: Uint8Array.of(0x2f, 0xff) })[2]).toEqual(
      Buffer.from('HOME=/\xff', 'latin1'),
    )
  })
})

describe('-i and -t', () => {
  const terminal = { stdinIsTerminal: true, stdoutIsTerminal: true, foreground: true }
  const it_ = { interactive: true, tty: true }
  const none = { interactive: false, tty: false }
  it.each<[string[], Partial<typeof terminal>, object]>([
    [[], {}, it_],
    [[], { stdoutIsTerminal: false }, none],
    [[], { stdinIsTerminal: false }, none],
    [[], { foreground: false }, none],
    [['-i'], {}, { interactive: true, tty: false }],
    [['-t'], {}, { interactive: false, tty: true }],
    [['-it'], { stdinIsTerminal: false }, it_],
    [['-i=false'], {}, none],
    [['-t=false'], {}, none],
  ])('%j, %j', (args, here, mode) => {
    expect(terminalMode(values(...args), { ...terminal, ...here })).toEqual(mode)
  })
})

describe('limits', () => {
  it.each<[string[], object]>([
    [[], { memory: {}, cpu: {}, cpuset: {}, pids: {} }],
    [
      ['-m', '64m', '--memory-swap', '-1', '--memory-reservation', '32m'],
      { memory: { max: '64m', swap: '-1', reservation: '32m' } },
    ],
    // 0 is "not given", and memory alone limits memory and swap together.
    [['-m', '64m'], { memory: { max: '64m', swap: 128 << 20 } }],
    [['-m', '64m', '--memory-swap', '0'], { memory: { max: '64m', swap: 128 << 20 } }],
    [['-m', '-1'], { memory: { max: '-1', swap: undefined } }],
    [
      ['-m', '0', '--memory-reservation', '0b'],
      { memory: { max: undefined, swap: undefined, reservation: undefined } },
    ],
    [['--cpus', '0', '-c', '0', '--pids-limit', '0'], { cpu: { shares: undefined }, pids: { max: undefined } }],
    [['--cpus', '1.5'], { cpu: { quota: 150_000, period: 100_000 } }],
    [['-c', '512'], { cpu: { shares: 512 } }],
    [['--cpuset-cpus', '0-1'], { cpuset: { cpus: '0-1' } }],
    [['--pids-limit', '9'], { pids: { max: 9 } }],
    [['--pids-limit', '-1'], { pids: { max: 'max' } }],
  ])('%j', (args, resources) => {
    expect(resourcesOf(values(...args))).toMatchObject(resources)
  })
})

describe('files with names', () => {
  const names = {
    hostname: 'web',
    hostsName: 'here',
    hosts: [],
    nameServers: [],
    search: [],
    options: [],
    hostNetwork: false,
  }
  const of = (changes: Partial<Parameters<typeof nameFiles>[0]>) =>
    new Map(nameFiles({ ...names, ...changes }).map(({ destination, content }) => [destination, String(content)]))
  const localhost = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'
  const hostsHosts = readFileSync('/etc/hosts', 'utf8')

  it('are always the three', () => {
    expect(of({})).toEqual(
      new Map([
        ['/etc/hosts', `${localhost}127.0.1.1\tweb\n`],
        ['/etc/hostname', 'web\n'],
        ['/etc/resolv.conf', readFileSync('/etc/resolv.conf', 'utf8')],
      ]),
    )
  })

  it('have what --add-host and --dns say', () => {
    const files = of({ hosts: [{ name: 'db', address: '10.0.0.5' }], nameServers: ['9.9.9.9', '8.8.8.8'] })
    expect(files.get('/etc/hosts')).toBe(`${localhost}127.0.1.1\tweb\n10.0.0.5\tdb\n`)
    expect(files.get('/etc/resolv.conf')).toBe('nameserver 9.9.9.9\nnameserver 8.8.8.8\n')
  })

  it('are the host’s in the host’s network', () => {
    expect(of({ hostNetwork: true, hostname: 'here' }).get('/etc/hosts')).toBe(hostsHosts)
    expect(of({ hostNetwork: true }).get('/etc/hosts')).toBe(`${hostsHosts}127.0.1.1\tweb\n`)
  })

  it('say the host’s name where the container has no other', () => {
    expect(of({ hostname: undefined }).get('/etc/hostname')).toBe('here\n')
    expect(of({ hostname: undefined }).get('/etc/hosts')).toBe(localhost)
  })
})
