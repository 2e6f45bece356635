// requires root, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli. Options that docker has, each by what it does
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { rt } from './rt.js'

/** A row: options, what runs, what it prints. */
type Row = readonly [options: string[], script: string, stdout: string | RegExp]

const hosts = (pattern: RegExp): string =>
  readFileSync('/etc/resolv.conf', 'utf8')
    .split('\n')
    .filter((line) => pattern.test(line))
    .map((line) => `${line}\n`)
    .join('')

describe('rt run', () => {
  beforeEach((context) => needs(context, 'root', 'busybox'))
  const run = (options: readonly string[], script: string) => rt(['run', ...options, busyboxRoot(), 'sh', '-c', script])

  it.each<Row>([
    [['--net', 'host'], 'readlink /proc/self/ns/net', /^net:/],
    [['--net', 'none'], 'ls /sys/class/net', 'lo\n'],
    [['--group-add', '44', '--group-add', '7', '--group-add', '44'], 'id -G', /^0 (7 44|44 7)\n$/],
    [['-u', '1000', '--group-add', '44'], 'id -G', '1000 44\n'],
    [['--sysctl', 'net.ipv4.ip_forward=1'], 'cat /proc/sys/net/ipv4/ip_forward', '1\n'],
    [
      ['--sysctl', 'net.ipv4.ip_unprivileged_port_start=80'],
      'cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
      '80\n',
    ],
    [['--sysctl', 'kernel.shmmax=12345'], 'cat /proc/sys/kernel/shmmax', '12345\n'],
    [['--domainname', 'example.org'], 'cat /proc/sys/kernel/domainname', 'example.org\n'],
    [
      ['--dns', '1.2.3.4', '--dns-search', 'a.b', '--dns-search', 'c.d'],
      'cat /etc/resolv.conf',
      'nameserver 1.2.3.4\nsearch a.b c.d\n',
    ],
    [['--dns-option', 'ndots:2', '--dns-search', '.'], 'grep -v nameserver /etc/resolv.conf', 'options ndots:2\n'],
    [['--dns-opt', 'rotate'], 'grep options /etc/resolv.conf', 'options rotate\n'],
    [['--cgroupns', 'private'], 'grep -c :/$ /proc/self/cgroup', /^[1-9]/],
    [['--cgroupns', 'host'], 'grep -c :/$ /proc/self/cgroup; grep -c /rt/ /proc/self/cgroup', /^0\n[1-9]/],
    [['--ipc', 'none'], 'grep -c " /dev/shm " /proc/mounts', '0\n'],
    [['--ipc', 'shareable'], 'grep -c " /dev/shm " /proc/mounts', '1\n'],
    [['--umask', '0027'], 'umask', '0027\n'],
    [['--umask', '77'], 'umask', '0077\n'],
    [
      [
        '-l',
        'a=b',
        '--label',
        'c',
        '--annotation',
        'x=y',
        '--stop-timeout',
        '3',
        '--pull',
        'never',
        '--log-driver',
        'none',
      ],
      'echo ok',
      'ok\n',
    ],
    [['-v', '/etc:/x:z', '-v', '/etc:/y:ro,Z'], 'ls -d /x /y', '/x\n/y\n'],
  ])('%j', (options, script, stdout) => {
    const ran = run(options, script)
    expect(ran.stderr).toBe('')
    expect(ran.stdout).toEqual(typeof stdout === 'string' ? stdout : expect.stringMatching(stdout))
  })

  it('what --dns-search leaves out stays the host’s', () => {
    expect(run(['--dns-search', 'a.b'], 'cat /etc/resolv.conf').stdout).toBe(
      `${hosts(/^\s*nameserver\s/)}search a.b\n${hosts(/^\s*options\s/)}`,
    )
  })

  it.each<Row>([
    [
      ['--cpu-quota', '50000', '--cpu-period', '200000'],
      'cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us',
      '50000\n200000\n',
    ],
    [['--cpu-quota', '-1'], 'cpu/cpu.cfs_quota_us', '-1\n'],
    [['--cpuset-mems', '0'], 'cpuset/cpuset.mems', '0\n'],
    [['--device-cgroup-rule', 'c 10:200 rw'], 'devices/devices.list', /^c 10:200 rw$/m],
  ])('%j sets %s', (options, files, value) => {
    if (!existsSync('/sys/fs/cgroup/cpu')) return expect(existsSync('/sys/fs/cgroup/cgroup.controllers')).toBe(true)
    const ran = run(options, `cd /sys/fs/cgroup; cat ${files}`)
    expect(ran.stdout).toEqual(typeof value === 'string' ? value : expect.stringMatching(value))
  })

  it('caps of a disk', (context) => {
    const disk = ['/dev/vda', '/dev/sda', '/dev/nvme0n1', '/dev/xvda'].find((path) => existsSync(path))
    if (disk === undefined) return context.skip('there is no disk here')
    if (!existsSync('/sys/fs/cgroup/blkio')) return context.skip('the blkio controller of cgroup v1 is not here')
    const { rdev } = statSync(disk)
    const ran = run(
      ['--device-read-bps', `${disk}:1mb`, '--device-write-iops', `${disk}:10`],
      'cd /sys/fs/cgroup/blkio; cat blkio.throttle.read_bps_device blkio.throttle.write_iops_device',
    )
    const device = `${(rdev >> 8) & 0xfff}:${rdev & 0xff}`
    expect(ran).toMatchObject({ stderr: '', stdout: `${device} 1048576\n${device} 10\n` })
  })

  it('--cidfile: the name, in a file that is new', () => {
    const file = join(temporaryFolder('cidfile'), 'cid')
    expect(run(['--cidfile', file, '--name', 'web'], 'true')).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(file, 'utf8')).toBe('web')
    expect(run(['--cidfile', file], 'true')).toMatchObject({
      status: 125,
      stderr: `rt: --cidfile: "${file}" is there already\n  hint: remove it, if its container is gone\n`,
    })
    rmSync(file)
    expect(run(['--cidfile', file], 'hostname')).toMatchObject({ status: 0 })
    expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{12}$/)
  })

  it.each([
    [['--sysctl', 'net.ipv4.ip_forward=1', '--net', 'host'], /--sysctl: net\.ipv4\.ip_forward would be the host's/],
    [['--sysctl', 'kernel.shmmax=1', '--ipc', 'host'], /--sysctl: kernel\.shmmax would be the host's/],
    [['--sysctl', 'vm.swappiness=1'], /no namespace has it of its own/],
    [['--sysctl', 'net.x'], /expected NAME=VALUE/],
    [['--group-add', 'nosuch'], /--group-add/],
    [['--domainname', 'x', '--uts', 'host'], /--domainname: the domain is the host’s/],
    [['--dns-search', 'a b'], /expected a domain/],
    [['--dns-option', 'a b'], /expected an option/],
    [['--cgroupns', 'x'], /--cgroupns: expected private or host/],
    [['--umask', '8'], /expected an octal mode/],
    [['--cpus', '1', '--cpu-quota', '5000'], /--cpus: --cpu-quota says it, too/],
    [['--cpu-quota', '5'], /--cpu-quota: expected a whole number from 1000/],
    [['--cpu-period', '5'], /--cpu-period: expected a whole number from 1000 to 1000000/],
    [['--blkio-weight', '5'], /--blkio-weight: expected a whole number from 10 to 1000/],
    [['--device-read-bps', '/dev/null:1mb'], /expected a disk, "\/dev\/null" is none/],
    [['--device-read-bps', '/dev/nosuch:1mb'], /"\/dev\/nosuch" is not there/],
    [['--device-read-bps', 'x'], /expected DEVICE:RATE/],
    [['--device-cgroup-rule', 'x'], /expected TYPE MAJOR:MINOR ACCESS/],
    [['--cpus', '0.0001'], /--cpus: expected from 0\.01 to \d+, the processors of this machine, got 0\.0001/],
    [['--pids-limit', 'x'], /--pids-limit: expected a whole number/],
    [['--platform', 'windows/amd64'], /--platform: expected linux\/ARCHITECTURE, got "windows\/amd64"/],
    [['--platform', 'linux/arm64/v8/x'], /--platform: expected linux\/ARCHITECTURE\[\/VARIANT\]/],
    [['--platform', 'linux/'], /--platform: expected linux\/ARCHITECTURE\[\/VARIANT\]/],
    [['--log-driver', 'json-file'], /--log-driver: expected none/],
  ])('%j is refused', (options, message) => {
    const ran = run(options as string[], 'true')
    expect(ran.status).toBe(125)
    expect(ran.stderr).toMatch(message)
  })

  it('options after SOURCE: it is said where they stand', () => {
    expect(rt(['run', busyboxRoot(), '-it', 'sh'])).toMatchObject({
      status: 125,
      stderr: 'rt: COMMAND: "-it" stands after SOURCE: options of rt run come before it\n  hint: rt run --help\n',
    })
  })
})
