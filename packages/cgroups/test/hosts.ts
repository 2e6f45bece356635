import type { CgroupHost, Hierarchy } from '../src/index.js'

/** Texts of /proc as they are on real kinds of machines, and hosts as detectCgroups describes them. */
export interface HostText {
  readonly mountinfo: string
  readonly cgroup: string
}

/** Debian 12: systemd, v2 alone; a login session. */
export const DEBIAN_12: HostText = {
  mountinfo: `22 29 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
23 29 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:14 - proc proc rw
29 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
30 22 0:6 / /sys/kernel/security rw,nosuid,nodev,noexec,relatime shared:8 - securityfs securityfs rw
33 22 0:27 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
34 22 0:28 / /sys/fs/pstore rw,nosuid,nodev,noexec,relatime shared:10 - pstore pstore rw
`,
  cgroup: '0::/user.slice/user-1000.slice/session-3.scope\n',
}

/** Debian 10: systemd's hybrid layout, controllers in v1, co-mounted in pairs. */
export const DEBIAN_10: HostText = {
  mountinfo: `23 27 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
27 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 23 0:24 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755
31 30 0:25 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:10 - cgroup2 cgroup2 rw,nsdelegate
32 30 0:26 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,xattr,name=systemd
35 30 0:29 / /sys/fs/cgroup/pids rw,nosuid,nodev,noexec,relatime shared:15 - cgroup cgroup rw,pids
36 30 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:16 - cgroup cgroup rw,cpu,cpuacct
37 30 0:31 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:17 - cgroup cgroup rw,memory
38 30 0:32 / /sys/fs/cgroup/net_cls,net_prio rw,nosuid,nodev,noexec,relatime shared:18 - cgroup cgroup rw,net_cls,net_prio
39 30 0:33 / /sys/fs/cgroup/freezer rw,nosuid,nodev,noexec,relatime shared:19 - cgroup cgroup rw,freezer
`,
  cgroup: `10:freezer:/
9:net_cls,net_prio:/
8:memory:/user.slice/user-0.slice/session-1.scope
7:cpu,cpuacct:/user.slice
5:pids:/user.slice/user-0.slice/session-1.scope
1:name=systemd:/user.slice/user-0.slice/session-1.scope
0::/user.slice/user-0.slice/session-1.scope
`,
}

/** CentOS 7: v1 alone, SELinux labels among the options. */
export const CENTOS_7: HostText = {
  mountinfo: `17 60 0:17 / /sys rw,nosuid,nodev,noexec,relatime shared:6 - sysfs sysfs rw,seclabel
24 17 0:20 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:8 - tmpfs tmpfs ro,seclabel,mode=755
25 24 0:21 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:9 - cgroup cgroup rw,seclabel,xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd
28 24 0:24 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,seclabel,memory
29 24 0:25 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:12 - cgroup cgroup rw,seclabel,cpuacct,cpu
60 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/centos-root rw,seclabel,attr2,inode64,noquota
`,
  cgroup: '4:memory:/\n3:cpuacct,cpu:/\n1:name=systemd:/user.slice/user-0.slice/session-1.scope\n',
}

/** WSL 2 without systemd: everything at the root. */
export const WSL_2: HostText = {
  mountinfo: `85 84 0:29 / /sys rw,nosuid,nodev,noexec,noatime shared:15 - sysfs sysfs rw
92 85 0:33 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:17 - tmpfs tmpfs rw,mode=755
93 92 0:34 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:18 - cgroup2 cgroup2 rw,nsdelegate
94 92 0:35 / /sys/fs/cgroup/cpuset rw,nosuid,nodev,noexec,relatime shared:19 - cgroup cgroup rw,cpuset
95 92 0:36 / /sys/fs/cgroup/rdma rw,nosuid,nodev,noexec,relatime shared:20 - cgroup cgroup rw,rdma
`,
  cgroup: '3:rdma:/\n2:cpuset:/\n0::/\n',
}

/** A container of Docker's on v1 without a cgroup namespace: mounts show the container's own group, read-only. */
export const DOCKER_V1: HostText = {
  mountinfo: `1200 1199 0:70 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
1201 1200 0:71 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755
1202 1201 0:29 /docker/3f9c /sys/fs/cgroup/pids ro,nosuid,nodev,noexec,relatime master:15 - cgroup cgroup rw,pids
`,
  cgroup: '5:pids:/docker/3f9c/inner\n',
}

/** The same on v2 with a cgroup namespace. */
export const DOCKER_V2: HostText = {
  mountinfo: `900 899 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate
`,
  cgroup: '0::/\n',
}

const hierarchy = (version: 1 | 2, mountPoint: string, ...controllers: string[]): Hierarchy => ({
  version,
  mountPoint,
  controllers,
  readOnly: false,
  own: mountPoint,
  top: mountPoint,
  files: [],
})

/** v2 alone, seen by root; the files that Linux 6.1 with iocost shows. */
export const V2_HOST: CgroupHost = {
  mode: 'v2',
  hugePageSizes: ['2MB', '1GB'],
  hierarchies: [
    {
      ...hierarchy(2, '/sys/fs/cgroup', 'cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids', 'rdma'),
      files: [
        'cpu.weight',
        'cpu.max',
        'cpu.max.burst',
        'cpu.idle',
        'memory.max',
        'memory.swap.max',
        'io.stat',
        'io.max',
      ].concat('io.weight'),
    },
  ],
}

/** v1 alone, seen by root. */
export const V1_HOST: CgroupHost = {
  mode: 'v1',
  hugePageSizes: ['2MB', '1GB'],
  hierarchies: [
    {
      ...hierarchy(1, '/sys/fs/cgroup/memory', 'memory'),
      files: ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'],
    },
    hierarchy(1, '/sys/fs/cgroup/cpu,cpuacct', 'cpu', 'cpuacct'),
    hierarchy(1, '/sys/fs/cgroup/cpuset', 'cpuset'),
    hierarchy(1, '/sys/fs/cgroup/pids', 'pids'),
    hierarchy(1, '/sys/fs/cgroup/blkio', 'blkio'),
    hierarchy(1, '/sys/fs/cgroup/hugetlb', 'hugetlb'),
    hierarchy(1, '/sys/fs/cgroup/devices', 'devices'),
    hierarchy(1, '/sys/fs/cgroup/freezer', 'freezer'),
    { ...hierarchy(1, '/sys/fs/cgroup/systemd'), name: 'systemd' },
  ],
}

/** pids in v1, hugetlb in v2. */
export const HYBRID_HOST: CgroupHost = {
  mode: 'hybrid',
  hugePageSizes: ['2MB'],
  hierarchies: [
    hierarchy(1, '/sys/fs/cgroup/pids', 'pids'),
    hierarchy(1, '/sys/fs/cgroup/freezer', 'freezer'),
    hierarchy(2, '/sys/fs/cgroup/unified', 'hugetlb'),
  ],
}

/** A plain user's session under systemd: two controllers are delegated. */
export const DELEGATED_HOST: CgroupHost = {
  mode: 'v2',
  hugePageSizes: [],
  hierarchies: [
    {
      ...hierarchy(2, '/sys/fs/cgroup', 'memory', 'pids'),
      own: '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope',
      top: '/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope',
    },
  ],
}
