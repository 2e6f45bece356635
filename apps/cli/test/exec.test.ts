// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { childrenOf, containerPid } from './container-pid.js'
import { CLI, NOBODY, rt, rtAsNobody, start } from './rt.js'

describe('rt exec', () => {
  let container: ReturnType<typeof start>
  let pid: number
  beforeEach(async (context) => {
    needs(context, 'root', 'busybox')
    const options = [
      '--hostname',
      'inside',
      '-e',
      'FROM=container',
      '--pids-limit',
      '50',
      '--cgroup-parent',
      '/rt-cli-exec',
      '--cap-drop',
      'NET_RAW',
    ]
    container = start(['run', ...options, busyboxRoot(), 'sh', '-c', 'echo ready; sleep 100'])
    await container.says('ready\n')
    pid = containerPid(container.child.pid as number)
  })
  afterEach(async () => {
    container?.child.kill('SIGKILL')
    await container?.exited
  })

  it('runs a command in the container’s namespaces, root, cgroup, with its environment and capabilities', () => {
    const command =
      'hostname; echo $FROM $HOME; cat /etc/hostname; grep CapEff /proc/self/status; head -n 1 /proc/self/cgroup; test $$ -gt 1 && echo another'
    expect(rt(['exec', String(pid), 'sh', '-c', command])).toEqual({
      status: 0,
      signal: null,
      stderr: '',
      stdout: expect.stringMatching(/^inside\ncontainer \/root\ninside\nCapEff:\t00000000a80405fb\n.*:\/\nanother\n$/),
    })
  })

  it.each<[string, string[], string, string]>([
    ['-u', ['-u', 'user'], 'id -u; echo $HOME', '1000\n/home\n'],
    ['-w', ['-w', '/tmp'], 'pwd', '/tmp\n'],
    ['-e', ['-e', 'FROM=here', '-e', 'NEW=1'], 'echo $FROM $NEW', 'here 1\n'],
  ])('%s', (_, options, command, stdout) => {
    expect(rt(['exec', ...options, String(pid), '--', 'sh', '-c', command])).toMatchObject({
      status: 0,
      stdout,
      stderr: '',
    })
  })

  it('passes on stdin with -i, and the exit code', () => {
    expect(rt(['exec', '-i', String(pid), 'sh'], { input: 'echo in; exit 6\n' })).toMatchObject({
      status: 6,
      stdout: 'in\n',
    })
    expect(rt(['exec', String(pid), 'sh', '-c', 'cat; exit 0'], { input: 'x' })).toMatchObject({
      status: 0,
      stdout: '',
    })
  })

  it('with a terminal too: the end of what is piped in is Ctrl-D', () => {
    expect(rt(['exec', '-it', String(pid), 'sh', '-c', 'cat; echo over; exit 4'], { input: 'a line\n' })).toMatchObject(
      {
        status: 4,
        // The terminal echoes what is typed, and cat says it again.
        stdout: 'a line\r\na line\r\nover\r\n',
      },
    )
  })

  it('says why a command can’t be run', () => {
    expect(rt(['exec', String(pid), 'nosuch'])).toMatchObject({
      status: 127,
      stderr: expect.stringContaining('cannot run "nosuch"'),
    })
    expect(rt(['exec', String(pid), '/etc/passwd'])).toMatchObject({ status: 126 })
    expect(rt(['exec', '-u', 'nosuch', String(pid), 'true']).stderr).toContain('no user "nosuch"')
  })

  it('refuses a process that is in no container', () => {
    expect(rt(['exec', String(process.pid), 'true'])).toMatchObject({
      status: 125,
      stderr: expect.stringContaining('it is in no container'),
    })
  })
})

describe('rt exec takes over from the container’s program', () => {
  let root = ''
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    if (root === '') root = busyboxRoot()
  })
  const WHO = 'id -u; id -g; id -G; pwd; echo "$HOME $FROM"; env | grep -c ^HOME='
  let running: ReturnType<typeof start>[] = []
  let folder: string | undefined
  afterEach(async () => {
    for (const each of running) each.child.kill('SIGKILL')
    await Promise.all(running.map((each) => each.exited))
    running = []
    if (folder !== undefined) rmSync(folder, { recursive: true })
    folder = undefined
  })
  /** The host's pid of a container's process 1. */
  async function started(options: string[], script = 'echo ready; exec sleep 100'): Promise<number> {
    const container = start(['run', ...options, root, 'sh', '-c', script])
    running.push(container)
    await container.says('ready\n')
    return containerPid(container.child.pid as number)
  }
  const exec = (pid: number, ...args: string[]) => rt(['exec', ...args, String(pid), 'sh', '-c', WHO])

  it.each<[string, string[], string]>([
    ['root', [], '0\n0\n0\n/\n/root \n1\n'],
    ['a user of passwd, with his groups', ['-u', 'user'], '1000\n1000\n1000 44\n/\n/home \n1\n'],
    ['a number and a group', ['-u', '1234:44'], '1234\n44\n44\n/\n/ \n1\n'],
    ['its directory', ['-w', '/tmp'], '0\n0\n0\n/tmp\n/root \n1\n'],
    ['a directory that it may not enter itself', ['-u', '1234', '-w', '/root'], '1234\n0\n0\n/root\n/ \n1\n'],
    ['its variables', ['-e', 'FROM=container', '-e', 'HOME=/srv'], '0\n0\n0\n/\n/srv container\n1\n'],
    ['a HOME that is empty, and so as good as none', ['-e', 'HOME='], '0\n0\n0\n/\n/root \n1\n'],
    [
      'with --init: the program’s, not the reaper’s',
      ['--init', '-u', 'user', '-w', '/tmp', '-e', 'FROM=x'],
      '1000\n1000\n1000 44\n/tmp\n/home x\n1\n',
    ],
    ['a user namespace of one id', ['--userns', 'self', '-w', '/tmp'], '0\n0\n0\n/tmp\n/root \n1\n'],
  ])('%s', async (_, options, stdout) => {
    expect(exec(await started(options))).toMatchObject({ status: 0, stderr: '', stdout })
  })

  it('by any process of it, one that has become another user, or was sent in itself', async () => {
    const script = 'su -s /bin/sh user -c "cd /; echo ready; exec sleep 98" & wait'
    const first = await started(['-w', '/tmp'], script)
    const [child] = childrenOf(first)
    const expected = { status: 0, stderr: '', stdout: '0\n0\n0\n/tmp\n/root \n1\n' }
    expect(exec(child as number)).toMatchObject(expected)

    const second = start(['exec', '-u', '1234', '-w', '/etc', String(first), 'sh', '-c', 'echo ready; exec sleep 97'])
    running.push(second)
    await second.says('ready\n')
    expect(exec(containerPid(second.child.pid as number))).toMatchObject(expected)
  })

  it('unless told otherwise', async () => {
    const pid = await started(['-u', '1234:44', '-w', '/tmp', '-e', 'FROM=container', '-e', 'HOME=/srv'])
    expect(exec(pid, '-u', 'user').stdout).toBe('1000\n1000\n1000 44\n/tmp\n/home container\n1\n')
    expect(exec(pid, '-w', '/etc').stdout).toBe('1234\n44\n44\n/etc\n/srv container\n1\n')
    expect(exec(pid, '-e', 'FROM=here', '-e', 'HOME=/here').stdout).toBe('1234\n44\n44\n/tmp\n/here here\n1\n')
    expect(exec(pid, '-u', 'user', '-e', 'HOME=').stdout).toBe('1000\n1000\n1000 44\n/tmp\n/home container\n1\n')
    expect(exec(pid, '-u', 'user', '-e', 'HOME=/here').stdout).toBe('1000\n1000\n1000 44\n/tmp\n/here container\n1\n')
  })

  it('no variable comes twice: which one counts is each program’s own idea', async () => {
    const pid = String(await started(['-e', 'FROM=container', '-e', 'HOME=/srv']))
    for (const options of [[], ['-u', 'user'], ['-u', 'user', '-e', 'HOME=/x'], ['-e', 'FROM=1', '-e', 'FROM=2']]) {
      // Not through a shell, which would have made one of two.
      const { stdout } = rt(['exec', ...options, pid, 'cat', '/proc/self/environ'])
      const names = stdout.split('\0').map((entry) => entry.replace(/=.*/s, ''))
      expect(names).toEqual(expect.arrayContaining(['FROM', 'HOME', 'PATH']))
      expect(new Set(names).size, stdout).toBe(names.length)
    }
  })

  it('where its program stands now, by whatever name', async () => {
    const pid = await started(['-w', '/tmp/a'], 'mv /tmp/a /tmp/b; ln -s /etc /tmp/a; echo ready; exec sleep 100')
    expect(rt(['exec', String(pid), 'pwd'])).toMatchObject({ status: 0, stdout: '/tmp/b\n' })
  })

  it('a directory that is gone is said to be', async () => {
    const pid = await started(['-w', '/tmp/gone'], 'rmdir /tmp/gone; echo ready; exec sleep 100')
    expect(rt(['exec', String(pid), 'pwd'])).toMatchObject({
      status: 125,
      stderr: expect.stringContaining('the directory of the container’s program has been removed'),
    })
    expect(rt(['exec', '-w', '/', String(pid), 'pwd']).stdout).toBe('/\n')
  })

  it('no_new_privs and the bounding set', async () => {
    const status = 'grep -E "NoNewPrivs|CapBnd|CapEff" /proc/self/status'
    const pid = await started(['--security-opt', 'no-new-privileges', '--cap-drop', 'ALL', '--cap-add', 'CHOWN'])
    expect(rt(['exec', String(pid), 'sh', '-c', status]).stdout).toBe(
      'CapEff:\t0000000000000001\nCapBnd:\t0000000000000001\nNoNewPrivs:\t1\n',
    )
    const other = await started([])
    expect(rt(['exec', String(other), 'sh', '-c', status]).stdout).toContain('NoNewPrivs:\t0\n')
  })

  it('nothing of the caller’s groups, where the container can’t drop any', async () => {
    const pid = await started(['--userns', 'self'])
    const groups = 'grep ^Groups /proc/self/status'
    const command = ['--groups', '44,1234', process.execPath, '--', CLI, 'exec', String(pid), 'sh', '-c', groups]
    const { status, stdout, stderr } = spawnSync('setpriv', command, { encoding: 'utf8' })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'Groups:\t \n', stderr: '' })
  })

  it('for a plain user, in a container of his own', async () => {
    // Outside of the run's own folder, which is closed to him.
    folder = mkdtempSync(join(tmpdir(), 'rt-exec-'))
    chownSync(folder, NOBODY, NOBODY)
    const own = join(folder, 'root')
    expect(spawnSync('cp', ['-a', root, own]).status).toBe(0)
    expect(spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, own]).status).toBe(0)
    const container = start(['run', '-w', '/tmp', '-e', 'FROM=his', own, 'sh', '-c', 'echo ready; exec sleep 100'], {
      uid: NOBODY,
      gid: NOBODY,
    })
    running.push(container)
    await container.says('ready\n')
    const pid = containerPid(container.child.pid as number)
    expect(rtAsNobody(['exec', String(pid), 'sh', '-c', WHO])).toMatchObject({
      status: 0,
      stderr: '',
      stdout: '0\n0\n0\n/tmp\n/root his\n1\n',
    })
  })
})
