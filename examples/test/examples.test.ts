// requires root: the examples make namespaces, mounts and a cgroup; busybox for a root file system
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../tooling/fixtures/index.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const examples = join(repository, 'examples')

/** Runs an example on the packages' sources. What a shell would be told comes by stdin. */
function example(name: string, args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(
    join(repository, 'node_modules/.bin/tsx'),
    ['--tsconfig', join(repository, 'tsconfig.json'), join(examples, name), ...args],
    { cwd: repository, encoding: 'utf8', input, timeout: 25_000 },
  )
  return { status, stderr, lines: stdout.split('\n').slice(0, -1) }
}

const hostMounts = () => readFileSync('/proc/self/mountinfo', 'utf8')

describe('the examples', () => {
  let before: string
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    before = hostMounts()
  })

  it('are short', () => {
    const lengths = readdirSync(examples)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(examples, name), 'utf8').trimEnd().split('\n').length)
    expect(lengths).toHaveLength(4)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(25)
  })

  it('1-mount-namespace: the shell sees the host’s directories, in another namespace', () => {
    const { status, stderr, lines } = example('1-mount-namespace.ts', [], 'ls\nreadlink /proc/self/ns/mnt\n')
    const namespace = lines.at(-2)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(lines[0]).toBe('父进程 - 启动一个容器！')
    expect(lines[1]).toBe('容器 - 已进入容器内部！')
    expect(lines.at(-1)).toBe('父进程 - 容器已停止！')
    expect(lines).toEqual(expect.arrayContaining(['examples', 'packages']))
    expect(namespace).toMatch(/^mnt:\[\d+\]$/)
    expect(namespace).not.toBe(spawnSync('readlink', ['/proc/self/ns/mnt'], { encoding: 'utf8' }).stdout.trim())
    expect(hostMounts()).toBe(before)
  })

  it('2-private-tmpfs: /tmp is empty inside and untouched outside', () => {
    const { status, stderr, lines } = example(
      '2-private-tmpfs.ts',
      [],
      'ls -A /tmp\n: >/tmp/rt-example\nmount | grep " on /tmp "\n',
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(lines).toEqual([
      '父进程 - 启动一个容器！',
      expect.stringMatching(/^none on \/tmp type tmpfs \(rw,relatime/),
      '父进程 - 容器已停止！',
    ])
    expect(readdirSync('/tmp')).not.toContain('rt-example')
    expect(hostMounts()).toBe(before)
  })

  it('3-chroot: the directory is /', () => {
    const command = ['sh', '-c', 'echo /*; cat /etc/hostname; echo $$; exit 3']
    const { status, stderr, lines } = example('3-chroot.ts', [busyboxRoot(), ...command])
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' })
    expect(lines).toEqual(['/bin /dev /etc /home /proc /root /run /sys /tmp /usr /var', 'busybox', '1'])
    expect(hostMounts()).toBe(before)
  })

  it('4-docker: namespaces, cgroups, change root', () => {
    const command = [
      'sh',
      '-c',
      'echo $$; hostname; head -n 1 /proc/self/cgroup; grep CapEff /proc/self/status; ls /sys/class/net',
    ]
    const { status, stderr, lines } = example('4-docker.ts', [busyboxRoot(), ...command])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    // Docker's 14 capabilities; the cgroup is the root of its own namespace.
    expect(lines).toEqual(['1', 'demo', expect.stringMatching(/:\/$/), 'CapEff:\t00000000a80425fb', 'lo'])
    expect(hostMounts()).toBe(before)
  })
})
