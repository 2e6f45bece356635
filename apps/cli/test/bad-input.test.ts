// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { CLI, NOBODY, rt, rtAsNobody, traces } from './rt.js'

const GROUP = 'rt-cli-bad'

let root = ''
let before: string[]
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  if (root === '') root = busyboxRoot()
  before = traces(GROUP)
})
afterEach(() => {
  expect(traces(GROUP)).toEqual(before)
})

/** rt's message, which begins with its name, has an exit code, and nothing on stdout. */
function complaint(args: readonly string[], status: number, options = {}): string {
  const result = rt(args, options)
  expect({ ...result, stderr: '' }).toEqual({ status, signal: null, stdout: '', stderr: '' })
  expect(result.stderr).toMatch(/^rt: .*[^.]\n/)
  // One clear message, not a stack.
  expect(result.stderr).not.toMatch(/\n\s+at /)
  return result.stderr
}

describe('bad arguments: nothing is made, rt exits with 125', () => {
  it.each<[string, string[], string]>([
    ['unknown command', ['rum'], 'rt: unknown command "rum"\n  hint: did you mean rt run?\n'],
    [
      'unknown option',
      ['run', '--memroy', '5m'],
      'rt: --memroy: unknown option; did you mean --memory?\n  hint: rt run --help\n',
    ],
    ...['', 'explain', 'trace', 'compile'].map((before): [string, string[], string] => [
      `an unknown option of ${before} run that resembles none: nothing is said about what follows`,
      [...(before ? [before] : []), 'run', '--colour', 'blue', '/no/such', 'true'],
      `rt: --colour: unknown option\n  hint: rt ${before ? `${before} ` : ''}run --help\n`,
    ]),
    [
      'an unknown option of exec',
      ['exec', '--nothing', '4711', 'true'],
      'rt: --nothing: unknown option\n  hint: rt exec --help\n',
    ],
    ['an unknown letter', ['run', '-xq', '/no/such'], 'rt: -xq: unknown option\n  hint: rt run --help\n'],
    ...['version', 'doctor', '--version'].map((command): [string, string[], string] => [
      `a word too many behind ${command}`,
      [command, 'x', 'y'],
      `rt: rt ${command.replace('--', '')} takes no further words: "x y" is too much\n  hint: rt ${command.replace('--', '')} --help\n`,
    ]),
    [
      'a word too many behind completion',
      ['completion', 'bash', 'run'],
      'rt: rt completion takes only one word: "run" is too much\n  hint: rt completion --help\n',
    ],
    [
      'a word too many behind help',
      ['help', 'run', 'x'],
      'rt: rt help takes only one command: "run x" is too much\n  hint: rt help --help\n',
    ],
    ['missing value', ['run', '-e'], 'rt: -e: needs a value: -e NAME[=VALUE]\n  hint: rt run --help\n'],
    [
      'unknown capability',
      ['run', '--cap-add', 'NET_ADMN', '--', 'true'],
      'rt: --cap-add: no capability is named "NET_ADMN"; did you mean NET_ADMIN?\n',
    ],
    [
      'unknown mount option',
      ['run', '-v', '/etc:/x:oops', '--', 'true'],
      'rt: --volume /etc:/x:oops: options: "oops" is no option of a bind mount\n',
    ],
    [
      'a source of a mount that is not there',
      ['run', '-v', '/no/such:/x', '--', 'true'],
      'rt: --volume /no/such:/x: nothing is at "/no/such" on the host\n',
    ],
    [
      'mounts on the same place',
      ['run', '-v', '/etc:/x', '--tmpfs', '/x', '--', 'true'],
      'rt: --tmpfs /x: another option mounts on "/x" already\n',
    ],
    [
      'a path with .. as destination',
      ['run', '--tmpfs', '/a/../..', '--', 'true'],
      'rt: --tmpfs: cannot mount over the root "/" of the container\n',
    ],
    [
      'a relative destination',
      ['run', '--tmpfs', 'a', '--', 'true'],
      'rt: --tmpfs: expected an absolute path in the container, got "a"\n',
    ],
    [
      'a relative working directory',
      ['run', '-w', 'a', '--', 'true'],
      'rt: --workdir: expected an absolute path in the container, got "a"\n',
    ],
    [
      'not a device',
      ['run', '--device', '/etc/passwd', '--', 'true'],
      'rt: --device /etc/passwd: cannot use "/etc/passwd" as a device: expected device, got file\n',
    ],
    [
      'unknown limit',
      ['run', '--ulimit', 'nofle=1', '--', 'true'],
      'rt: --ulimit: "nofle=1": no limit is named "nofle"; ',
    ],
    [
      'soft above hard',
      ['run', '--ulimit', 'nofile=2:1', '--', 'true'],
      'rt: --ulimit: "nofile=2:1": the soft limit 2 is above the hard limit 1\n',
    ],
    [
      'memory that is no size',
      ['run', '-m', '5q', '--', 'true'],
      'rt: --memory: expected a size such as 64M, 1.5g or a number of bytes, got "5q"\n',
    ],
    [
      'swap below memory',
      ['run', '-m', '64m', '--memory-swap', '32m', '--', 'true'],
      'rt: --memory-swap: expected at least memory.max (64 MiB), got 32 MiB',
    ],
    ['no processor', ['run', '--cpuset-cpus', '4096', '--', 'true'], 'rt: '],
    [
      'no user like that',
      ['run', '-u', 'nobody-here', '--', 'true'],
      'rt: --user: no user "nobody-here" in the root\'s own /etc/passwd\n',
    ],
    ['a user that is none', ['run', '-u', '1:2:3', '--', 'true'], 'rt: '],
    [
      'a file that is not there',
      ['run', '--env-file', '/no/such', '--', 'true'],
      'rt: --env-file: cannot read "/no/such": ',
    ],
    [
      'no SOURCE like that',
      ['run', './no-such-root', 'true'],
      'rt: SOURCE: no such source "./no-such-root": looked for a directory or a tar file at ',
    ],
    ['a name with a slash', ['run', '--name', 'a/b', '--', 'true'], 'rt: --name: '],
    [
      '--rm=false',
      ['run', '--rm=false', '--', 'true'],
      'rt: --rm: rt keeps no container that has ended: it is always --rm\n',
    ],
    [
      'a hostname for the host',
      ['run', '--uts', 'host', '--hostname', 'x', '--', 'true'],
      'rt: --hostname: the name is the host’s with --uts host\n',
    ],
    [
      'a terminal on a pipe',
      ['run', '-it', '--', 'true'],
      'rt: --tty: with -i, stdin must be a terminal\n  hint: leave out -t if input is piped in\n',
    ],
    ['explain of nothing', ['explain'], 'rt: explain: expected the word "run" and its arguments, got nothing\n'],
    ['compile to nowhere', ['compile', 'run', '--', 'true'], 'rt: --output: is missing: -o FILE\n'],
    [
      'exec in nothing',
      ['exec'],
      'rt: 2 things are wrong with the arguments\n  PID: is missing\n  COMMAND: is missing\n',
    ],
    ['exec in no process', ['exec', '4194300', 'true'], 'rt: PID: no process 4194300\n'],
    [
      'unpack of nothing',
      ['unpack'],
      'rt: 2 things are wrong with the arguments\n  SOURCE: is missing\n  DIR: is missing\n',
    ],
    ['no such experiment', ['lab', '9'], 'rt: N: expected a whole number from 1 to 4, got "9"\n'],
    ['no such shell', ['completion', 'tcsh'], 'rt: SHELL: expected bash, zsh or fish, got "tcsh"\n'],
  ])('%s', (_, args, message) => {
    expect(complaint(args, 125)).toContain(message)
  })

  it('all at once', () => {
    const args = [
      'run',
      '--tmpfs',
      'a',
      '--cap-add',
      'NO',
      '-m',
      'x',
      '-u',
      'a:b:c',
      '--ulimit',
      'x',
      '-v',
      '/no/such:/x',
      './no-such-root',
    ]
    expect(
      complaint(args, 125)
        .split('\n')
        .map((line) => line.trim().split(':')[0]),
    ).toEqual([
      'rt',
      '--tmpfs',
      '--user',
      '--memory',
      '--volume /no/such',
      '--cap-add',
      '--ulimit',
      'SOURCE',
      'hint',
      '',
    ])
  })

  it('a program’s name as SOURCE', () => {
    expect(complaint(['run', '--pull', 'never', 'ls'], 125)).toMatch(
      /hint: to run the program \S*\/ls on the host's files: rt run -- ls\n/,
    )
  })

  it('a file as SOURCE that is no archive', () => {
    expect(complaint(['run', '/etc/passwd', 'true'], 125)).toContain('"/etc/passwd"')
  })

  it('names with newlines and other bytes are quoted', () => {
    expect(complaint(['run', 'no\nsuch\x1b[31m', 'true'], 125)).toContain('"no\\nsuch\\u001b[31m"')
  })
})

describe('a command that can’t be run', () => {
  it.each<[string, number, string, (root: string) => void]>([
    ['/no/such', 127, 'cannot run "/no/such": no such file\n', () => {}],
    ['nosuch', 127, 'cannot run "nosuch": not found in $PATH\n', () => {}],
    [
      '/etc/passwd',
      126,
      'cannot run "/etc/passwd": "/etc/passwd" is not executable\n  hint: chmod +x, or run it as: sh /etc/passwd\n',
      () => {},
    ],
    ['/etc', 126, 'cannot run "/etc": "/etc" is a directory, expected an executable file\n', () => {}],
    [
      '/bin/script',
      127,
      'cannot run "/bin/script": the #! interpreter of "/bin/script", "/no/such/perl", does not exist\n',
      (folder) => writeFileSync(join(folder, 'bin/script'), '#!/no/such/perl\n', { mode: 0o755 }),
    ],
    [
      '/bin/dynamic',
      127,
      'cannot run "/bin/dynamic": the ELF interpreter of "/bin/dynamic", "/lib64/ld-linux-x86-64.so.2", does not exist\n',
      (folder) => copyFileSync('/usr/bin/env', join(folder, 'bin/dynamic')),
    ],
    [
      '/bin/text',
      126,
      'cannot run "/bin/text": "/bin/text" is neither an ELF program nor a script with #!\n',
      (folder) => writeFileSync(join(folder, 'bin/text'), 'echo\n', { mode: 0o755 }),
    ],
  ])('%s: %d', (command, status, message, make) => {
    make(root)
    expect(complaint(['run', root, command], status)).toContain(message)
  })

  it('a command that the user may not execute', () => {
    const file = join(root, 'bin/closed')
    copyFileSync(join(root, 'bin/busybox'), file)
    chmodSync(file, 0o700)
    expect(complaint(['run', '-u', '1000', root, '/bin/closed'], 126)).toContain('execve("/bin/closed"')
  })

  it('a mount with noexec', () => {
    mkdirSync(join(root, 'tools'), { recursive: true })
    const folder = temporaryFolder('noexec')
    copyFileSync(join(root, 'bin/busybox'), join(folder, 'true'))
    expect(complaint(['run', '-v', `${folder}:/tools:noexec`, root, '/tools/true'], 126)).toContain(
      'execve("/tools/true"',
    )
  })
})

describe('more than a machine or a container can take', () => {
  it('a memory limit below what a start needs', () => {
    expect(complaint(['run', '-m', '1k', '--cgroup-parent', `/${GROUP}`, '--', 'true'], 125)).toMatch(/memory limit/)
  })

  it('2 MB of environment fit, and 8 MB are refused with the reason', () => {
    const folder = temporaryFolder('env')
    const file = join(folder, 'env')
    const line = (index: number) => `V${index}=${'x'.repeat(100_000)}`
    writeFileSync(file, Array.from({ length: 20 }, (_, index) => line(index)).join('\n'))
    const { status, stdout } = rt(['run', '--env-file', file, root, 'sh', '-c', 'env | wc -c'])
    expect(status).toBe(0)
    expect(Number(stdout)).toBeGreaterThan(2_000_000)
    writeFileSync(file, Array.from({ length: 80 }, (_, index) => line(index)).join('\n'))
    expect(complaint(['run', '--env-file', file, root, 'true'], 126)).toMatch(
      /E2BIG[\s\S]*environment \(\d+ bytes\) may take a quarter of the stack limit/,
    )
  })

  it('1,000 mounts work, and leave nothing', () => {
    const folder = temporaryFolder('many')
    const options = Array.from({ length: 1000 }, (_, index) => ['-v', `${folder}:/many/${index}`]).flat()
    const { status, stdout, stderr } = rt([
      'run',
      ...options,
      '--tmpfs',
      '/many',
      root,
      'grep',
      '-c',
      ' /many/',
      '/proc/mounts',
    ])
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '1000\n', stderr: '' })
  })

  it('files named by any bytes go in as they are', () => {
    const folder = temporaryFolder('bytes')
    const name = Buffer.from([0x61, 0x0a, 0x20, 0xff, 0x62])
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), 'x')
    const { stdout } = spawnSync(
      process.execPath,
      [CLI, 'run', '-v', `${folder}:/names`, root, 'sh', '-c', 'printf %s /names/*'],
      {
        encoding: 'buffer',
      },
    )
    expect(stdout.equals(Buffer.concat([Buffer.from('/names/'), name]))).toBe(true)
  })

  it('a destination that is a symlink out of the root stays inside', () => {
    const outside = temporaryFolder('canary')
    writeFileSync(join(outside, 'canary'), 'host')
    symlinkSync(outside, join(root, 'way-out'))
    // In the root the same path leads to a directory of the root's own.
    mkdirSync(join(root, outside), { recursive: true })
    const { status, stdout } = rt([
      'run',
      '--tmpfs',
      '/way-out',
      root,
      'sh',
      '-c',
      'echo x > /way-out/canary; cat /way-out/canary',
    ])
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'x\n' })
    expect(execFileSync('cat', [join(outside, 'canary')], { encoding: 'utf8' })).toBe('host')
  })
})

describe('streams', () => {
  const shell = (script: string) =>
    spawnSync('sh', ['-c', script, 'sh', process.execPath, CLI, root], { encoding: 'utf8' })

  it('/dev/full as stdout of rt itself', () => {
    const { status, stderr } = shell('"$1" "$2" help > /dev/full')
    expect({ status, stderr }).toEqual({
      status: 125,
      stderr: 'rt: cannot write to stdout: ENOSPC: no space left on device, write\n',
    })
  })

  it('/dev/full as stdout of the command: its own affair', () => {
    const { status, stderr } = shell('"$1" "$2" run "$3" echo hi > /dev/full')
    expect(status).toBe(1)
    expect(stderr).toMatch(/No space left on device/)
  })

  it('a reader that has gone', () => {
    // 141: as if SIGPIPE had ended it, and not a word.
    const { stdout, stderr } = shell('{ "$1" "$2" explain run -- true; echo "$?" >&2; } | true')
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '141\n' })
  })

  it('closed stdin, stdout, stderr', () => {
    expect(shell('"$1" "$2" run -i "$3" cat <&-')).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(shell('"$1" "$2" run "$3" sh -c "exit 3" >&-')).toMatchObject({ status: 3, stderr: '' })
    expect(shell('"$1" "$2" run --nonsense 2>&-')).toMatchObject({ status: 125, stdout: '' })
  })
})

describe('without the right to it', () => {
  it('a plain user, and no user namespaces', () => {
    const place = temporaryFolder('chroot')
    // The kernel refuses them to a process in a chroot.
    const script = 'mount --rbind / "$0" && exec chroot --userspec "$@"'
    const { status, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', script, place, `${NOBODY}:${NOBODY}`, place, process.execPath, CLI, 'run', '--', 'true'],
      { encoding: 'utf8', cwd: '/' },
    )
    expect(stderr).toMatch(
      /^rt: namespaces.*clone3.*CLONE_NEWUSER.* = -1 EPERM.*hint: user namespaces are forbidden here/s,
    )
    expect(status).toBe(125)
  })

  it('a plain user: what only root can do is refused by name', () => {
    expect(rtAsNobody(['run', '--userns', 'host', '--', 'true'])).toMatchObject({
      status: 125,
      stderr: 'rt: --userns: only root can do without a user namespace\n  hint: leave out --userns host\n',
    })
    expect(rtAsNobody(['run', '-m', '64m', '--', 'true']).stderr).toMatch(/^rt: --memory: /)
    expect(rtAsNobody(['run', '-u', '1000', '--', 'true']).stderr).toMatch(
      /^rt: --user: user "1000" \(uid 1000\) has no id/,
    )
    expect(rtAsNobody(['lab', '1']).stderr).toMatch(/hint: run it as root/)
  })

  it('cgroups that are read-only: said if a limit is asked for, else no matter', () => {
    const inReadOnly = (...args: string[]) =>
      spawnSync(
        'unshare',
        [
          '--mount',
          'sh',
          '-c',
          'for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mountpoint -q $d && mount -o remount,ro,bind $d; done; exec "$@"',
          'sh',
          process.execPath,
          CLI,
          ...args,
        ],
        { encoding: 'utf8' },
      )
    const limited = inReadOnly('run', '-m', '64m', '--', 'true')
    expect(limited.status).toBe(125)
    expect(limited.stderr).toMatch(/^rt: --memory: .*read-only/)
    expect(inReadOnly('run', '--', 'true')).toMatchObject({ status: 0, stderr: '' })
    // Nobody guards the devices then, so none can be made.
    expect(inReadOnly('run', '--', 'sh', '-c', 'mknod /tmp/x b 1 1').stderr).toMatch(/Operation not permitted/)
  })
})

describe('a kernel that is too old', () => {
  beforeEach((context) => needs(context, 'strace'))

  // strace lets the calls fail as an old kernel would, in Node, the supervisor and init alike.
  it.each(['openat2', 'open_tree', 'fsopen', 'move_mount', 'clone3', 'memfd_create'])('without %s', (name) => {
    const args = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${name}`, '-e', `inject=${name}:error=ENOSYS`]
    const { status, stdout, stderr } = spawnSync('strace', [...args, process.execPath, CLI, 'run', '--', 'true'], {
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' })
    expect(stderr).toMatch(
      new RegExp(`^rt: .*ENOSYS.*\n  ${name}\\(.* = -1 ENOSYS \\(.*\n  hint: .*(Linux \\d|the kernel lacks)`),
    )
  })
})
