// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { rt, traces } from './rt.js'

let root = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  if (root === '') root = busyboxRoot()
})

/** What a command in a container on busybox prints; it must end well, and without a word on stderr. */
function run(options: readonly string[], command: string, input = ''): string {
  const { status, stdout, stderr } = rt(['run', ...options, root, 'sh', '-c', command], { input })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

describe('rt run', () => {
  it('runs one command on the host’s files, and leaves no trace', () => {
    const before = traces()
    const { status, stdout, stderr } = rt([
      'run',
      '--',
      'sh',
      '-c',
      'echo made > /etc/rt-test; cat /etc/rt-test; id -u; echo $$',
    ])
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'made\n0\n1\n', stderr: '' })
    expect(statSync('/etc/rt-test', { throwIfNoEntry: false })).toBeUndefined()
    expect(traces()).toEqual(before)
  })

  it('runs on a directory, and writes into it', () => {
    expect(run([], 'echo /*; echo here > /tmp/made; hostname | wc -c')).toBe(
      '/bin /dev /etc /home /proc /root /run /sys /tmp /usr /var\n13\n',
    )
    expect(readFileSync(join(root, 'tmp/made'), 'utf8')).toBe('here\n')
  })

  it('--ephemeral throws away what is written to the directory', () => {
    expect(run(['--ephemeral'], 'echo here > /tmp/gone; cat /tmp/gone')).toBe('here\n')
    expect(statSync(join(root, 'tmp/gone'), { throwIfNoEntry: false })).toBeUndefined()
  })

  it('without COMMAND runs a shell on its input', () => {
    expect(rt(['run', '-i', root], { input: 'echo $0\nexit 4\n' })).toMatchObject({ status: 4, stdout: '/bin/sh\n' })
  })

  it.each([
    ['exit 0', 0],
    ['exit 7', 7],
    ['exit 255', 255],
    // Process 1 can't kill itself by a signal without a handler; its child can.
    ["sh -c 'kill -9 $$'; exit $?", 137],
  ])('%s: exits with %d', (command, status) => {
    expect(rt(['run', root, 'sh', '-c', command])).toMatchObject({ status, stderr: expect.any(String) })
  })

  it('is ended by the signal that ended the program', () => {
    // The init that --init adds is process 1, so the program itself may die of a signal.
    expect(rt(['run', '--init', root, 'sh', '-c', 'kill -TERM $$']).status).toBe(143)
  })

  it.each<[string, string[], string, string | RegExp]>([
    ['--env', ['-e', 'A=1', '--env', 'B=x y', '-eC='], 'echo "$A,$B,$C,"', '1,x y,,\n'],
    ['its own environment only', [], 'env | sort | sed "s/=.*//"', 'HOME\nHOSTNAME\nPATH\nPWD\nSHLVL\n'],
    ['--workdir, made if missing', ['-w', '/a/b'], 'pwd; ls -ld / | cut -c1-10', '/a/b\ndrwxr-xr-x\n'],
    [
      '--user by name',
      ['-u', 'user'],
      'id; echo $HOME',
      'uid=1000(user) gid=1000(user) groups=44(video),1000(user)\n/home\n',
    ],
    ['--user by number and group', ['-u', '1234:44'], 'id -u; id -G; echo $HOME', '1234\n44\n/\n'],
    ['--hostname', ['--hostname', 'web'], 'hostname; echo $HOSTNAME', 'web\nweb\n'],
    ['--name', ['--name', 'db'], 'hostname', 'db\n'],
    ['--entrypoint', ['--entrypoint', 'echo'], 'x', 'sh -c x\n'],
    [
      'Docker’s capabilities',
      [],
      'grep -h Cap /proc/self/status | cut -f2 | uniq',
      '0000000000000000\n00000000a80425fb\n0000000000000000\n',
    ],
    [
      '--cap-drop ALL --cap-add',
      ['--cap-drop', 'ALL', '--cap-add', 'chown'],
      'grep CapEff /proc/self/status',
      'CapEff:\t0000000000000001\n',
    ],
    [
      'another user has none',
      ['-u', '1000'],
      'grep -E "CapEff|CapBnd" /proc/self/status | cut -f2',
      '0000000000000000\n00000000a80425fb\n',
    ],
    [
      '--security-opt no-new-privileges',
      ['--security-opt', 'no-new-privileges'],
      'grep NoNewPrivs /proc/self/status',
      'NoNewPrivs:\t1\n',
    ],
    [
      '--ulimit',
      ['--ulimit', 'nofile=100:200', '--ulimit', 'core=0'],
      'ulimit -n; ulimit -Hn; ulimit -c',
      '100\n200\n0\n',
    ],
    ['--oom-score-adj', ['--oom-score-adj', '500'], 'cat /proc/self/oom_score_adj', '500\n'],
    [
      '--tmpfs',
      ['--tmpfs', '/run:size=1m,mode=700'],
      'grep " /run " /proc/mounts',
      'tmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k,mode=700 0 0\n',
    ],
    ['--shm-size', ['--shm-size', '8MB'], 'grep " /dev/shm " /proc/mounts | grep -o size=[^,\\ ]*', 'size=8192k\n'],
    ['--network none', [], 'ls /sys/class/net; cat /sys/class/net/lo/flags', 'lo\n0x9\n'],
    ['--init', ['--init'], 'echo $$; cat /proc/1/comm', '2\ninit\n'],
    [
      'masked and read-only paths',
      [],
      'wc -c < /proc/keys; (echo x > /proc/sys/kernel/hostname) 2>/dev/null || echo ro',
      '0\nro\n',
    ],
    [
      'systempaths=unconfined',
      ['--security-opt', 'systempaths=unconfined'],
      'test $(wc -c < /proc/keys) -gt 0 && echo seen; grep -c " /proc/" /proc/mounts || true',
      'seen\n0\n',
    ],
    [
      'no devices but Docker’s',
      [],
      'echo /dev/*',
      '/dev/core /dev/fd /dev/full /dev/mqueue /dev/null /dev/ptmx /dev/pts /dev/random /dev/shm /dev/stderr /dev/stdin /dev/stdout /dev/tty /dev/urandom /dev/zero\n',
    ],
    [
      'a disk can’t be opened, though its node can be made',
      [],
      'mknod /tmp/disk b 254 0 && (dd if=/tmp/disk of=/dev/null count=1 2>&1; rm /tmp/disk)',
      /Operation not permitted/,
    ],
  ])('%s', (_, options, command, expected) => {
    const printed = run(options, command)
    if (typeof expected === 'string') expect(printed).toBe(expected)
    else expect(printed).toMatch(expected)
  })

  it('--env-file, and -e over it', () => {
    const file = join(temporaryFolder('env'), 'env')
    writeFileSync(file, '# comment\nA=1\nB=2\n')
    expect(run(['--env-file', file, '-e', 'B=3'], 'echo $A $B')).toBe('1 3\n')
  })

  it('--volume, --mount: the host’s files, writable and not', () => {
    const folder = temporaryFolder('volume')
    writeFileSync(join(folder, 'file'), 'outside\n')
    const options = [
      '-v',
      `${folder}:/a`,
      '-v',
      `${folder}:/b:ro`,
      '--mount',
      `type=bind,src=${folder}/file,dst=/c/file,readonly`,
    ]
    expect(run(options, 'cat /b/file /c/file; echo x 2>/dev/null > /b/new || echo ro; echo inside > /a/made')).toBe(
      'outside\noutside\nro\n',
    )
    expect(readFileSync(join(folder, 'made'), 'utf8')).toBe('inside\n')
  })

  it('mounts the outer of two nested destinations first, in whatever order they are given', () => {
    const folder = temporaryFolder('nested')
    mkdirSync(join(folder, 'in'))
    expect(run(['--tmpfs', '/outer/in', '-v', `${folder}:/outer`], 'grep -o " /outer[^ ]*" /proc/mounts')).toBe(
      ' /outer\n /outer/in\n',
    )
  })

  it('--read-only: the root, not the mounts', () => {
    expect(
      run(
        ['--read-only', '--tmpfs', '/run', '-w', '/new'],
        'pwd; touch /x 2>/dev/null || echo ro; touch /run/x && echo rw',
      ),
    ).toBe('/new\nro\nrw\n')
  })

  it('--device, with what the cgroup allows', () => {
    expect(
      run(['--device', '/dev/zero:/dev/nought:r'], 'head -c 2 /dev/nought | wc -c; echo x > /dev/nought || echo no'),
    ).toMatch(/^2\n/)
  })

  it('--privileged: all that rt itself has', () => {
    const own = /^CapEff:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    expect(
      run(
        ['--privileged'],
        'grep CapEff /proc/self/status | cut -f2; ls /dev/kmsg; grep -c " /proc/.* ro" /proc/mounts || true',
      ),
    ).toBe(`${own}\n/dev/kmsg\n0\n`)
  })

  it('--pid, --ipc, --uts, --network host', () => {
    const command = 'readlink /proc/self/ns/pid /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/net; hostname'
    const shared = ['--pid', 'host', '--ipc', 'host', '--uts', 'host', '--network', 'host']
    const own = rt(['run', ...shared, '--', 'sh', '-c', command])
    expect(own.stderr).toBe('')
    const { stdout } = rt(['run', '--', 'sh', '-c', command])
    const [ours, theirs] = [own.stdout.split('\n'), stdout.split('\n')]
    expect(ours[4]).toBe(hostname())
    for (const [index, namespace] of ['pid', 'ipc', 'uts', 'net'].entries()) {
      const inode = statSync(`/proc/self/ns/${namespace}`).ino
      expect(ours[index]).toBe(`${namespace}:[${inode}]`)
      expect(theirs[index]).not.toBe(`${namespace}:[${inode}]`)
    }
  })

  it('--add-host, --dns', () => {
    expect(
      run(
        ['--add-host', 'db:10.0.0.5', '--dns', '9.9.9.9', '--hostname', 'web'],
        'cat /etc/resolv.conf; grep db /etc/hosts; grep -c localhost /etc/hosts',
      ),
    ).toBe('nameserver 9.9.9.9\n10.0.0.5\tdb\n2\n')
    // Not into the directory itself: a mount needs a file to be mounted upon, that is all.
    expect(readFileSync(join(root, 'etc/hosts'), 'utf8')).not.toContain('db')
  })

  it('passes stdin only with -i', () => {
    expect(run([], 'cat', 'given\n')).toBe('')
    expect(run(['-i'], 'cat', 'given\n')).toBe('given\n')
  })

  it('--userns self: root inside is the caller', () => {
    expect(rt(['run', '--userns', 'self', '--', 'cat', '/proc/self/uid_map']).stdout.trim().split(/\s+/)).toEqual([
      '0',
      '0',
      '1',
    ])
  })

  it('takes a symlink to a directory as SOURCE', () => {
    const link = join(temporaryFolder('link'), 'root')
    symlinkSync(root, link)
    expect(rt(['run', link, 'cat', '/etc/passwd']).stdout).toBe(readFileSync(join(root, 'etc/passwd'), 'utf8'))
  })

  it('takes -- before COMMAND, and gives the command its own', () => {
    expect(rt(['run', root, '--', 'echo', '-t', '--', 'x']).stdout).toBe('-t -- x\n')
  })
})

describe('limits', () => {
  it.each([
    ['memory', ['-m', '64m'], 'memory/memory.limit_in_bytes', 'memory.max', `${64 << 20}`],
    ['pids', ['--pids-limit', '20'], 'pids/pids.max', 'pids.max', '20'],
    ['cpus', ['--cpus', '0.5'], 'cpu/cpu.cfs_quota_us', 'cpu.max', '50000'],
    ['cpuset', ['--cpuset-cpus', '0'], 'cpuset/cpuset.cpus', 'cpuset.cpus', '0'],
  ])('of %s are those of its cgroup, which is gone afterwards', (_, options, v1, v2, value) => {
    const before = traces('rt-cli-limits')
    const file = `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`
    expect(run([...options, '--cgroup-parent', '/rt-cli-limits'], file)).toMatch(new RegExp(`^${value}\\b`))
    expect(traces('rt-cli-limits')).toEqual(before)
  })

  it('of processes hold', () => {
    const { stderr, status } = rt([
      'run',
      '--pids-limit',
      '5',
      root,
      'sh',
      '-c',
      'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait',
    ])
    expect(status).not.toBe(0)
    expect(stderr).toContain("can't fork")
  })

  it('of memory hold: the program is killed', () => {
    const command = 'x=x; while true; do x=$x$x; done'
    expect(rt(['run', '-m', '16m', '--memory-swap', '16m', '--init', root, 'sh', '-c', command]).status).toBe(137)
  })
})
