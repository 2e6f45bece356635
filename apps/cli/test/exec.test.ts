// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { containerPid } from './container-pid.js'
import { rt, start } from './rt.js'

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
      stdout: expect.stringMatching(/^inside\ncontainer \/root\nbusybox\nCapEff:\t00000000a80405fb\n.*:\/\nanother\n$/),
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
