// requires nothing
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  type CallArgument,
  encodeStruct,
  FLAGS,
  formatArgument,
  formatCall,
  formatCapabilities,
  formatCloneFlags,
  formatEnum,
  formatFlags,
  formatMode,
  formatOpenFlags,
  formatSocketType,
  formatStruct,
  parseFlags,
  quote,
  type SyscallName,
} from '@rt/sys'
import { describe, expect, it } from 'vitest'

describe('formatCall', () => {
  const pathOfFd = (fd: number) => ({ 7: '/srv/data', 9: '/data', 11: '/a\nb' })[fd]

  it.for<[string, SyscallName, ...CallArgument[]]>([
    ['move_mount(7</srv/data>, "", 9</data>, "", MOVE_MOUNT_F_EMPTY_PATH)', 'move_mount', 7, '', 9, '', 4],
    ['openat(AT_FDCWD, "/x", O_RDONLY|O_CLOEXEC)', 'openat', AT_FDCWD, '/x', 0o2000000, 0o644],
    ['openat(AT_FDCWD, "/x", O_WRONLY|O_CREAT, 0644)', 'openat', AT_FDCWD, '/x', 0o101, 0o644],
    ['fchdir($root</>)', 'fchdir', { verbatim: '$root</>' }],
    [
      'mount("none", "/", NULL, MS_REC|MS_PRIVATE|0x8000000000000000, NULL)',
      'mount',
      'none',
      '/',
      null,
      0x8000000000044000n,
      null,
    ],
    ['fsconfig(7</srv/data>, FSCONFIG_CMD_CREATE, NULL, NULL, 0)', 'fsconfig', 7, 6, null, null, 0],
    ['fsconfig(7</srv/data>, FSCONFIG_SET_FD, "lowerdir+", NULL, 9</data>)', 'fsconfig', 7, 5, 'lowerdir+', null, 9],
    [
      'fsconfig(7</srv/data>, FSCONFIG_SET_PATH, "upperdir", "u", AT_FDCWD)',
      'fsconfig',
      7,
      3,
      'upperdir',
      'u',
      AT_FDCWD,
    ],
    [
      'fsconfig($fs, FSCONFIG_SET_BINARY, "k", "\\0\\1", 2)',
      'fsconfig',
      { verbatim: '$fs' },
      2,
      'k',
      Buffer.from([0, 1]),
      2,
    ],
    [
      'execve("/bin/sh", ["sh", "-c", "a\\tb"], [/* 2 vars */])',
      'execve',
      '/bin/sh',
      { strings: ['sh', '-c', 'a\tb'] },
      { strings: ['SECRET=1', 'B=2'] },
    ],
    [
      'ioctl(1, TIOCSWINSZ, {ws_row=24, ws_col=80})',
      'ioctl',
      1,
      0x5414,
      encodeStruct('winsize', { ws_row: 24, ws_col: 80 }),
    ],
    ['ioctl(1, 0x1234, 5)', 'ioctl', 1, 0x1234, 5],
    ['prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)', 'prctl', 47, 4, 0, 0, 0],
    ['prctl(PR_CAPBSET_DROP, CAP_NET_RAW)', 'prctl', 24, 13, 0, 0, 0],
    ['mknodat(9</data>, "null", S_IFCHR|0666, makedev(0x1, 0x3))', 'mknodat', 9, 'null', 0o20666, 0x103],
    ['mknodat(9</data>, "x", S_IFBLK|0600, makedev(0x103, 0x12345))', 'mknodat', 9, 'x', 0o60600, 0x12310345],
    ['mknodat(9</data>, "p", $mode, $device)', 'mknodat', 9, 'p', { verbatim: '$mode' }, { verbatim: '$device' }],
    ['fchownat(9</data>, "", 0, -1, AT_EMPTY_PATH)', 'fchownat', 9, '', 0, 0xffffffff, AT_EMPTY_PATH],
    ['clone(CLONE_NEWNS|CLONE_NEWPID|SIGCHLD, NULL)', 'clone', 0x20020011, null],
    ['close(11</a\\nb>)', 'close', 11],
    ['setns(-1, CLONE_NEWNS)', 'setns', 0xffffffffffffffffn, 0x20000],
    ['sched_yield()', 'sched_yield'],
    ['rseq(1, 2)', 'rseq', 1, 2],
    ['read(7</srv/data>, /* 16 bytes */, 16)', 'read', 7, new Uint8Array(16), 16],
    ['mmap(0x1000, 4096, PROT_NONE, MAP_SHARED|MAP_FIXED, -1, 0)', 'mmap', 0x1000, 4096, 0, 0x11, -1, 0],
  ])('%s', ([expected, name, ...args]) => {
    expect(formatCall(name, args, { pathOfFd, arch: 'x64' })).toBe(expected)
  })

  it('cuts data, and never a path', () => {
    const long = 'x'.repeat(100)
    expect(formatCall('write', [1, long, 100])).toBe(`write(1, "${'x'.repeat(80)}"..., 100)`)
    expect(formatCall('write', [1, long, 100], { longest: 3 })).toBe('write(1, "xxx"..., 100)')
    expect(formatCall('chdir', [long])).toBe(`chdir("${long}")`)
    expect(formatCall('chdir', [Buffer.from(`${long}\0rest`)])).toBe(`chdir("${long}")`)
  })

  it('shows 32 arguments of argv', () => {
    const argv = { strings: Array.from({ length: 33 }, () => 'a') }
    expect(formatCall('execve', ['/x', argv])).toBe(`execve("/x", [${Array(32).fill('"a"').join(', ')}, ...])`)
  })

  it("prints another processor's open flags", () => {
    expect(formatCall('openat', [3, 'x', 0o40000], { arch: 'arm64' })).toBe('openat(3, "x", O_RDONLY|O_DIRECTORY)')
    expect(formatCall('openat', [3, 'x', 0o40000], { arch: 'x64' })).toBe('openat(3, "x", O_RDONLY|O_DIRECT)')
  })
})

describe('formatStruct', () => {
  it.for<[string, string, Parameters<typeof formatStruct>[1]]>([
    ['{flags=O_RDONLY|O_PATH, resolve=RESOLVE_IN_ROOT}', 'open_how', { resolve: 16, flags: 0o10000000 }],
    ['{flags=O_RDONLY}', 'open_how', {}],
    ['{flags=$flags, mode=0644}', 'open_how', { flags: { verbatim: '$flags' }, mode: 0o644 }],
    [
      '{attr_set=MOUNT_ATTR_RDONLY|MOUNT_ATTR_IDMAP, attr_clr=MOUNT_ATTR__ATIME, userns_fd=5</ns>}',
      'mount_attr',
      { attr_set: 0x100001, attr_clr: 0x70, userns_fd: 5 },
    ],
    [
      '{flags=CLONE_NEWNS|CLONE_INTO_CGROUP, exit_signal=SIGCHLD, cgroup=5</ns>}',
      'clone_args',
      { flags: 0x200020000n, exit_signal: 17, cgroup: 5 },
    ],
    ['{rlim_cur=0, rlim_max=RLIM64_INFINITY}', 'rlimit64', { rlim_max: -1 }],
    ['{tv_sec=1, tv_nsec=5}', 'timespec', { tv_sec: 1, tv_nsec: 5n }],
    ['UTIME_OMIT', 'timespec', { tv_nsec: 0x3ffffffe }],
    ['{fd=5</ns>, events=POLLIN|POLLHUP}', 'pollfd', { fd: 5, events: 0x11 }],
    ['{sched_policy=SCHED_BATCH, sched_nice=5}', 'sched_attr', { sched_policy: 3, sched_nice: 5 }],
    [
      '{effective=1<<CAP_CHOWN, permitted=1<<CAP_CHOWN|1<<CAP_BPF, inheritable=$inheritable}',
      'cap_user_data',
      { effective0: 1, permitted0: 1, permitted1: 0x80, inheritable1: { verbatim: '$inheritable' } },
    ],
    ['{a=1, b=2}', 'not_ours', { a: 1, b: 2n, c: 0 }],
  ])('%s', ([expected, name, fields]) => {
    expect(formatStruct(name, fields, { arch: 'x64', pathOfFd: (fd) => (fd === 5 ? '/ns' : undefined) })).toBe(expected)
  })

  it('is what formatCall prints, of fields and of bytes', () => {
    const fields = { flags: 0o2000000, resolve: 8 }
    const expected = 'openat2(3, "x", {flags=O_RDONLY|O_CLOEXEC, resolve=RESOLVE_BENEATH}, 24)'
    expect(formatCall('openat2', [3, 'x', { struct: 'open_how', fields }, 24])).toBe(expected)
    expect(formatCall('openat2', [3, 'x', encodeStruct('open_how', fields), 24])).toBe(expected)
  })
})

describe('formatArgument', () => {
  it.for<[string, Parameters<typeof formatArgument>[0], CallArgument]>([
    ['NULL', 'path', 0],
    ['0xff', 'pointer', 255],
    ['0xffffffffffffffff', 'pointer', -1n],
    ['SIGRTMIN+3', 'signal', 37],
    ['99', 'signal', 99],
    ['RLIMIT_NOFILE', 'rlimit', 7],
    ['CAP_SYS_ADMIN', 'capability', 21],
    ['63', 'capability', 63],
    ['[3]', 'intPointer', Buffer.from([3, 0, 0, 0])],
    ['/* 5 bytes */', 'intPointer', Buffer.alloc(5)],
    ['/* 24 bytes */', undefined, Buffer.alloc(24)],
    ['4294967295', 'uint', -1],
    ['-1', undefined, -1],
  ])('%s: %s of %s', ([expected, kind, value]) => {
    expect(formatArgument(kind, value)).toBe(expected)
  })
})

describe('formatFlags', () => {
  it('names bits in the order of the header, the unknown rest in hex', () => {
    expect(formatFlags(FLAGS.mount, 0x40001005)).toBe('MS_RDONLY|MS_NODEV|MS_BIND|0x40000000')
    expect(formatFlags(FLAGS.mount, 0)).toBe('0')
    expect(formatFlags(FLAGS.protection, 0)).toBe('PROT_NONE')
  })

  it('takes the name that says most', () => {
    expect(formatFlags(FLAGS.statx, 0x7ff)).toBe('STATX_BASIC_STATS')
    expect(formatFlags(FLAGS.mountAttr, 0x70)).toBe('MOUNT_ATTR__ATIME')
    expect(formatFlags(FLAGS.mountAttr, 0x20)).toBe('MOUNT_ATTR_STRICTATIME')
  })

  it("reads what JavaScript's | made of bit 31", () => {
    expect(formatFlags(FLAGS.clone, 0x80000000 | 0)).toBe('CLONE_IO')
    expect(formatFlags(FLAGS.clone, 0x100000000n)).toBe('CLONE_CLEAR_SIGHAND')
  })

  it('is inverse to parseFlags, for every bit of every table', () => {
    for (const [name, table] of Object.entries(FLAGS)) {
      for (const [flag, bits] of Object.entries(table)) expect(parseFlags(table, [flag]), name).toBe(BigInt(bits))
    }
    expect(parseFlags(FLAGS.mount, ['MS_BIND', 'MS_REC'])).toBe(0x5000n)
    expect(parseFlags(FLAGS.mount, ['MS_BIND', 'MS_NONE'])).toBeUndefined()
  })

  it('has no empty table', () => {
    for (const [name, table] of Object.entries(FLAGS)) expect(Object.keys(table), name).not.toEqual([])
  })
})

describe('formatEnum', () => {
  it('names a value, an unknown one in hex', () => {
    expect(formatEnum(FLAGS.fsconfig, 6)).toBe('FSCONFIG_CMD_CREATE')
    expect(formatEnum(FLAGS.fsconfig, 66)).toBe('0x42')
    expect(formatEnum(FLAGS.seek, 0)).toBe('SEEK_SET')
  })
})

describe('the formats of single arguments', () => {
  it.for([
    ['O_RDONLY|O_NOFOLLOW|O_PATH', formatOpenFlags(0o10400000, 'x64')],
    ['O_RDWR|O_SYNC', formatOpenFlags(0o4010002, 'x64')],
    ['O_RDWR|O_DSYNC', formatOpenFlags(0o10002, 'x64')],
    ['O_WRONLY|O_TMPFILE', formatOpenFlags(0o20200001, 'x64')],
    ['O_RDONLY', formatOpenFlags(0, 'arm64')],
    ['SIGCHLD', formatCloneFlags(17)],
    ['CLONE_NEWUSER', formatCloneFlags(0x10000000)],
    ['0', formatCloneFlags(0)],
    ['S_IFIFO|0600', formatMode(0o10600)],
    ['04755', formatMode(0o4755)],
    ['SOCK_STREAM', formatSocketType(1)],
    ['SOCK_SEQPACKET|SOCK_NONBLOCK|SOCK_CLOEXEC', formatSocketType(0x80805)],
    ['ALL', formatCapabilities((1n << 41n) - 1n)],
    ['1<<CAP_CHOWN|1<<63', formatCapabilities((1n << 63n) | 1n)],
    ['0', formatCapabilities(0n)],
  ] as const)('%s', ([expected, actual]) => {
    expect(actual).toBe(expected)
  })
})

describe('quote', () => {
  it.for<[string, string | Uint8Array, number?]>([
    ['"a\\tb\\n\\\\\\""', 'a\tb\n\\"'],
    ['"\\0"', '\0'],
    ['"\\0011\\1"', '\x011\x01'],
    ['"Grüße, 你好"', 'Grüße, 你好'],
    ['"\\33[31m"', '\x1b[31m'],
    ['"\\342\\200\\256txt"', '\u202etxt'],
    ['"\\302\\205"', '\u0085'],
    ['"\\377\\303\\0011"', Uint8Array.of(0xff, 0xc3, 1, 0x31)],
    ['"\\303"', Uint8Array.of(0xc3)],
    ['"abc"...', 'abcdef', 3],
    ['"abc"', 'abc', 3],
    ['"ü"...', 'üü', 3],
    ['""...', 'ü', 1],
    ['"\\377\\376"...', Uint8Array.of(0xff, 0xfe, 0xfd), 2],
  ])('%s', ([expected, text, longest]) => {
    expect(quote(text, longest)).toBe(expected)
  })
})
