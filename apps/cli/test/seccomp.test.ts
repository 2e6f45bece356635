// requires root, busybox, gcc, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { attacker, busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { containerPid } from './container-pid.js'
import { rt, start } from './rt.js'

const FILTERED = /^Seccomp:\s2$/m
const UNFILTERED = /^Seccomp:\s0$/m
const STATUS = ['cat', '/proc/self/status']

describe('the filter of a container', () => {
  let root: string
  beforeEach((context) => {
    needs(context, 'root', 'busybox', 'gcc')
    root = busyboxRoot()
  })

  it.each<[string, string[], RegExp]>([
    ['by default', [], FILTERED],
    ['as a user', ['-u', '1000'], FILTERED],
    ['with --init', ['--init'], FILTERED],
    ['with no_new_privs', ['--security-opt', 'no-new-privileges'], FILTERED],
    ['in a user namespace', ['--userns', 'self'], FILTERED],
    ['asked for with --privileged', ['--privileged', '--security-opt', 'seccomp=builtin'], FILTERED],
    ['not with unconfined', ['--security-opt', 'seccomp=unconfined'], UNFILTERED],
    ['not with --privileged', ['--privileged'], UNFILTERED],
    ['the last word counts', ['--security-opt', 'seccomp=unconfined', '--security-opt', 'seccomp=builtin'], FILTERED],
  ])('%s', (_, options, expected) => {
    const { status, stdout, stderr } = rt(['run', ...options, root, ...STATUS])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(expected)
  })

  it('refuses what Docker’s refuses, and ENOSYS hides what libc tries first', () => {
    copyFileSync(attacker('refused-calls'), join(root, 'refused-calls'))
    const { stdout } = rt(['run', root, '/refused-calls'])
    expect(stdout).toMatchInlineSnapshot(`
      "clone3 ENOSYS
      unshare(CLONE_NEWUSER) EPERM
      clone(CLONE_NEWUSER|CLONE_SIGHAND) EPERM
      mount EPERM
      keyctl EPERM
      bpf EPERM
      io_uring_setup EPERM
      userfaultfd EPERM
      open_tree_attr ENOSYS
      personality(PER_LINUX) ok
      personality(ADDR_NO_RANDOMIZE) EPERM
      socket(AF_ALG) EPERM
      socket(AF_VSOCK) EPERM
      socket(AF_UNIX) ok
      x32 keyctl EPERM
      i386 keyctl EPERM
      i386 getpid ok
      "
    `)
    const open = rt(['run', '--cap-add', 'SYS_ADMIN', root, '/refused-calls']).stdout
    expect(open).not.toContain('unshare(CLONE_NEWUSER) EPERM')
    expect(open).not.toContain('clone3 ENOSYS')
    // Not a capability of CAP_SYS_ADMIN's kind.
    expect(open).toContain('keyctl EPERM')
    const { stdout: without } = rt(['run', '--security-opt', 'seccomp=unconfined', root, '/refused-calls'])
    expect(without).toContain('unshare(CLONE_NEWUSER) ok')
    expect(without).not.toContain('clone3 ENOSYS')
  })

  it('is compiled into an executable', () => {
    const file = join(temporaryFolder('compiled'), 'program')
    expect(rt(['compile', 'run', root, ...STATUS, '-o', file])).toMatchObject({ status: 0, stderr: '' })
    const { stdout } = spawnSync(file, { encoding: 'utf8' })
    expect(stdout).toMatch(FILTERED)
  })

  it('is a file’s', () => {
    const file = join(temporaryFolder('profile'), 'profile.json')
    writeFileSync(
      file,
      JSON.stringify({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: ['mkdir', 'mkdirat', 'not_a_call'], action: 'SCMP_ACT_ERRNO', errnoRet: 5 }],
      }),
    )
    const { stderr, status } = rt(['run', '--security-opt', `seccomp=${file}`, root, 'mkdir', '/tmp/new'])
    expect(status).not.toBe(0)
    expect(stderr).toContain('no system call is named "not_a_call"; it is left out')
    expect(stderr).toMatch(/Input\/output error|I\/O error/)
  })

  it('a bad file is refused before anything is made, with the path of each complaint', () => {
    const file = join(temporaryFolder('profile'), 'profile.json')
    const run = (text: string) => {
      writeFileSync(file, text)
      return rt(['run', '--ulimit', 'x', '--security-opt', `seccomp=${file}`, root, 'true'])
    }
    const { status, stderr } = run('{"defaultAction": "ALLOW", "syscalls": [{"names": ["read"], "arg": []}]}')
    expect(status).toBe(125)
    expect(stderr).toContain('defaultAction: expected an action')
    expect(stderr).toContain('syscalls[0].arg: is no field of a seccomp profile')
    expect(stderr).toContain('syscalls[0].action: is missing')
    expect(stderr).toContain('--ulimit')
    expect(run('{').stderr).toContain('the seccomp profile is not JSON')
    expect(rt(['run', '--security-opt', 'seccomp=/nonexistent', root, 'true']).stderr).toContain('ENOENT')
    expect(rt(['run', '--security-opt', 'seccomp=/dev/zero', root, 'true']).stderr).toContain('is no file')
    const dead = run('{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}')
    expect(dead.stderr).toContain('execve gets ERRNO(EPERM): nothing could be started')
    const listener = run('{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/agent"}')
    expect(listener.stderr).toContain('listenerPath: a listener for SCMP_ACT_NOTIFY is not supported yet')
  })

  it('a second program has one if the first has', async () => {
    for (const [options, more, expected] of [
      [[], [], FILTERED],
      [[], ['--security-opt', 'seccomp=unconfined'], UNFILTERED],
      [[], ['--privileged'], UNFILTERED],
      [['--security-opt', 'seccomp=unconfined'], [], UNFILTERED],
      [['--security-opt', 'seccomp=unconfined'], ['--security-opt', 'seccomp=builtin'], FILTERED],
    ] as const) {
      const container = start(['run', ...options, root, 'sh', '-c', 'echo ready; sleep 100'])
      try {
        await container.says('ready\n')
        const pid = String(containerPid(container.child.pid as number))
        const { status, stdout, stderr } = rt(['exec', ...more, pid, ...STATUS])
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
        expect(stdout).toMatch(expected)
      } finally {
        container.child.kill('SIGKILL')
        await container.exited
      }
    }
  })
})

describe('rt explain seccomp', () => {
  it.each<[string[], string, string]>([
    [['socket', '38'], 'ERRNO(EPERM)', 'no rule holds for these arguments'],
    [['socket', '0x1'], 'ALLOW', 'args[0] < 38'],
    [['clone3'], 'ERRNO(ENOSYS)', 'without CAP_SYS_ADMIN'],
    [['unshare'], 'ERRNO(EPERM)', 'with CAP_SYS_ADMIN'],
    [['--cap-add', 'SYS_ADMIN', 'unshare'], 'ALLOW', 'with CAP_SYS_ADMIN'],
    [['--abi', 'x86', 'socketcall', '1'], 'ALLOW', ''],
    [['listns'], 'ERRNO(ENOSYS)', 'newer than every call that the profile names'],
  ])('%j', (args, verdict, reason) => {
    const { status, stdout } = rt(['explain', '--arch', 'x64', 'seccomp', ...args])
    expect(status).toBe(0)
    expect(stdout).toContain(`: ${verdict}\n`)
    expect(stdout).toContain(reason)
  })

  it('as data', () => {
    const { stdout } = rt(['explain', 'seccomp', '--json', 'reboot'])
    expect(JSON.parse(stdout)).toMatchObject({ call: 'reboot', verdict: 'ERRNO(EPERM)' })
  })

  it.each<[string[], string]>([
    [[], 'NAME: is missing'],
    [['nothing'], 'no system call is named nothing'],
    [['read', 'x'], 'expected a number of 64 bits'],
    [['--profile', '/nonexistent', 'read'], 'ENOENT'],
  ])('complains about %j', (args, message) => {
    const { status, stderr } = rt(['explain', 'seccomp', ...args])
    expect(status).toBe(125)
    expect(stderr).toContain(message)
  })
})
