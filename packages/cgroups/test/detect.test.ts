// pure: texts of /proc; the last test looks at this host
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeCgroups, detectCgroups, parseCgroupMounts, parseProcCgroup } from '../src/index.js'
import { CENTOS_7, DEBIAN_10, DEBIAN_12, DOCKER_V1, DOCKER_V2, type HostText, WSL_2 } from './hosts.js'

const describeText = ({ mountinfo, cgroup }: HostText) => describeCgroups(mountinfo, cgroup)

describe('describeCgroups', () => {
  it('v2 under systemd', () => {
    expect(describeText(DEBIAN_12)).toEqual({
      mode: 'v2',
      hugePageSizes: [],
      hierarchies: [
        {
          version: 2,
          mountPoint: '/sys/fs/cgroup',
          controllers: [],
          readOnly: false,
          own: '/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope',
          files: [],
        },
      ],
    })
  })

  it('hybrid: v1 controllers in pairs, a named hierarchy, and v2', () => {
    const { mode, hierarchies } = describeText(DEBIAN_10)
    expect(mode).toBe('hybrid')
    expect(hierarchies.map(({ version, controllers, name, own }) => [version, controllers.join(), name, own])).toEqual([
      [2, '', undefined, '/sys/fs/cgroup/unified/user.slice/user-0.slice/session-1.scope'],
      [1, '', 'systemd', '/sys/fs/cgroup/systemd/user.slice/user-0.slice/session-1.scope'],
      [1, 'pids', undefined, '/sys/fs/cgroup/pids/user.slice/user-0.slice/session-1.scope'],
      [1, 'cpu,cpuacct', undefined, '/sys/fs/cgroup/cpu,cpuacct/user.slice'],
      [1, 'memory', undefined, '/sys/fs/cgroup/memory/user.slice/user-0.slice/session-1.scope'],
      [1, 'net_cls,net_prio', undefined, '/sys/fs/cgroup/net_cls,net_prio'],
      [1, 'freezer', undefined, '/sys/fs/cgroup/freezer'],
    ])
  })

  it('v1 alone: mount options that are no controllers are left out', () => {
    const { mode, hierarchies } = describeText(CENTOS_7)
    expect(mode).toBe('v1')
    expect(hierarchies.map(({ controllers, name }) => [...controllers, name])).toEqual([
      ['systemd'],
      ['memory', undefined],
      ['cpuacct', 'cpu', undefined],
    ])
  })

  it('WSL 2 without systemd', () => {
    const { mode, hierarchies } = describeText(WSL_2)
    expect(mode).toBe('hybrid')
    expect(hierarchies.map(({ own }) => own)).toEqual([
      '/sys/fs/cgroup/unified',
      '/sys/fs/cgroup/cpuset',
      '/sys/fs/cgroup/rdma',
    ])
  })

  it('inside containers: read-only, and a mount that shows a part of the tree', () => {
    expect(describeText(DOCKER_V1).hierarchies).toMatchObject([{ own: '/sys/fs/cgroup/pids/inner', readOnly: true }])
    expect(describeText(DOCKER_V2).hierarchies).toMatchObject([{ own: '/sys/fs/cgroup', readOnly: true }])
  })

  it('a group outside the cgroup namespace, or outside what the mount shows, is not found', () => {
    const [outside] = describeCgroups(DOCKER_V2.mountinfo, '0::/../other\n').hierarchies
    expect(outside).not.toHaveProperty('own')
    const [elsewhere] = describeCgroups(DOCKER_V1.mountinfo, '5:pids:/docker/other\n').hierarchies
    expect(elsewhere).not.toHaveProperty('own')
    // /docker/3f9c is no prefix of /docker/3f9cab by names.
    const [sibling] = describeCgroups(DOCKER_V1.mountinfo, '5:pids:/docker/3f9cab\n').hierarchies
    expect(sibling).not.toHaveProperty('own')
  })

  it('of several mounts of a hierarchy, takes one that shows our group and can be written', () => {
    const mountinfo = `50 1 0:9 / /mnt/ro ro - cgroup2 cgroup2 rw
51 1 0:9 /elsewhere /mnt/part rw - cgroup2 cgroup2 rw
52 1 0:9 / /mnt/rw rw - cgroup2 cgroup2 rw
53 1 0:9 / /mnt/again rw - cgroup2 cgroup2 rw
`
    expect(describeCgroups(mountinfo, '0::/a\n').hierarchies.map(({ own }) => own)).toEqual(['/mnt/rw/a'])
  })

  it('no cgroups at all', () => {
    expect(describeCgroups('', '')).toEqual({ mode: 'none', hierarchies: [], hugePageSizes: [] })
    expect(() => describeCgroups('nonsense\n\n - \n', 'nonsense')).toThrow('line 1 of mountinfo')
  })
})

describe('parseCgroupMounts', () => {
  it('leaves out what is mounted over', () => {
    const hybrid = DEBIAN_10.mountinfo
    const paths = (text: string) => parseCgroupMounts(text).map(({ mountPoint }) => mountPoint)
    expect(paths(hybrid)).toContain('/sys/fs/cgroup/unified')
    const over = (line: string) => paths(`${hybrid}${line}\n`)
    // A tmpfs over the one mount; over a directory above all of them; over the root of their parent.
    expect(over('90 31 0:50 / /sys/fs/cgroup/unified rw - tmpfs tmpfs rw')).not.toContain('/sys/fs/cgroup/unified')
    expect(over('90 31 0:50 / /sys/fs/cgroup/unified rw - tmpfs tmpfs rw')).toContain('/sys/fs/cgroup/pids')
    expect(over('90 23 0:50 / /sys/fs rw - tmpfs tmpfs rw')).toEqual([])
    expect(over('90 30 0:50 / /sys/fs/cgroup rw - tmpfs tmpfs rw')).toEqual([])
    expect(over('90 27 0:50 / /sys/fs/cgroup2 rw - tmpfs tmpfs rw')).toHaveLength(7)
  })

  it('undoes the escapes of a path', () => {
    expect(parseCgroupMounts('5 1 0:9 / /a\\040b\\134c rw - cgroup2 cgroup2 rw')[0]?.mountPoint).toBe('/a b\\c')
  })
})

describe('parseProcCgroup', () => {
  it('takes paths with colons, named hierarchies and removed groups', () => {
    expect(parseProcCgroup('3:cpu,cpuacct:/a:b/c\n2:name=x,devices:/d (deleted)\n0::/\n')).toEqual([
      { hierarchy: 3, controllers: ['cpu', 'cpuacct'], path: '/a:b/c' },
      { hierarchy: 2, controllers: ['devices'], name: 'x', path: '/d' },
      { hierarchy: 0, controllers: [], path: '/' },
    ])
  })
})

describe('detectCgroups', () => {
  it('finds directories that are there', () => {
    const { hierarchies } = detectCgroups()
    for (const { mountPoint, own, top } of hierarchies) {
      expect(existsSync(mountPoint)).toBe(true)
      if (own !== undefined) expect(existsSync(own)).toBe(true)
      if (top !== undefined) expect(existsSync(`${top}/cgroup.procs`)).toBe(true)
    }
  })
})
