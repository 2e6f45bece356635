// requires: nothing; plans are pure
import { describe, expect, it } from 'vitest'
import {
  address,
  branch,
  buffer,
  call,
  compute,
  explain,
  fail,
  formatExplanation,
  goto,
  label,
  ref,
  sequence,
  struct,
  type Value,
  vector,
} from '../src/index.js'
import { shell, step } from './plans.js'

describe('explain', () => {
  it('prints what a struct’s field points to, but no secret', () => {
    const of = (iov_base: Uint8Array | { text: string; secret?: boolean }) =>
      call('writev', [1, struct('iovec', { iov_base, iov_len: 3 }), 1])
    const calls = [of(Buffer.from('abc')), of({ text: 'abc' }), of({ text: 'abc', secret: true })]
    const shown = explain(sequence(step('points', { 'init.mount': calls }))).find((each) => each.step === 'points')
    expect(shown?.calls.map((each) => each.call)).toEqual([
      expect.stringContaining('iov_base=/* 3 bytes */'),
      expect.stringContaining('iov_base="abc"'),
      expect.stringContaining('iov_base="…"'),
    ])
  })

  it('prints the calls of both processes with steps, reasons and origins', () => {
    const open = step('mounts[0] "/data"', {
      why: 'a bind mount',
      origin: '-v /srv:/data',
      'host.open': [
        call('open_tree', [-100, '/srv', 0x80001], { save: 'tree', of: '/srv', why: 'a copy of the mount' }),
      ],
      'init.mount': [call('move_mount', [ref('tree'), '', -100, '/data', 4])],
    })
    expect(formatExplanation(explain(shell('exit 0', open), { arch: 'x64' }))).toMatchInlineSnapshot(`
      "supervisor: in the host’s namespaces

        set-up
             0  mmap(0x4000000, size, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, 4, 0)   # the log, shared with Node
             1  prctl(PR_SET_NAME, "rt")   # else ps would show the number of the file it was executed by
             2  prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)   # no process of the container may trace or read this one
             3  fcntl(4, F_SETFD, FD_CLOEXEC)
             4  close(5)
             5  close(6)
             6  close_range(7, 4294967295, 0)   # what Node’s caller left open without close-on-exec

        mounts[0] "/data" (-v /srv:/data): a bind mount
             7  open_tree(AT_FDCWD, "/srv", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC) → tree   # a copy of the mount

        set-up
             8  socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, &$pair)   # the gate between supervisor and init

        namespaces (test): a test
            10  clone3({flags=CLONE_PIDFD|CLONE_NEWNS|CLONE_PARENT_SETTID|CLONE_NEWPID, pidfd=&$pidfd, parent_tid=0x4000000, exit_signal=SIGCHLD}, 88) → $clone   # start init in its namespaces

        set-up
            14  close($pair)
            15  close(4)
            16  write($pair+4, "g", 1)   # open the gate
            28  ppoll(&$poll, 3, $patience, NULL, 8) → $ready   # started, death, node
            32  write(3, {tv_sec=1, tv_nsec=0}, 32)
            42  pidfd_send_signal($pidfd, SIGKILL, NULL, 0)
            43  waitid(P_PIDFD, $pidfd, &siginfo, WEXITED, &rusage)
            46  write(3, &siginfo, 32)   # how init ended
            47  exit_group(0)
            48  exit_group(125)

      init: the container’s first process

        set-up
            49  prctl(PR_SET_PDEATHSIG, SIGKILL)   # no container without its supervisor
            50  close($pair+4)
            51  close(3)
            52  close(4)
            53  read($pair, &$gate, 1) → $gateRead   # wait at the gate

        namespaces (test): a test
            56  mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)

        mounts[0] "/data" (-v /srv:/data): a bind mount
            57  move_mount(tree</srv>, "", AT_FDCWD, "/data", MOVE_MOUNT_F_EMPTY_PATH)

        exec (test): a test
            58  close_range(3, 4294967295, CLOSE_RANGE_CLOEXEC)
            59  rt_sigprocmask(SIG_SETMASK, /* 8 bytes */, NULL, 8)
            60  execve("/bin/sh", ["/bin/sh", "-c", "exit 0"], [/* 1 vars */])

        set-up
            62  exit_group(125)
      "
    `)
  })

  it('shows the machine’s own instructions when asked, and hides secrets', () => {
    const plan = sequence(
      step('counting', {
        'host.prepare': [
          compute('n', 1, 2, 3),
          branch(ref('n'), 7, { mask: 0xff, then: '$after' }),
          call('write', [1, { text: 'TOKEN=1', secret: true }, 7]),
        ],
      }),
    )
    const text = formatExplanation(explain(plan, { arch: 'x64' }), { all: true })
    expect(text).toContain('n = 1 + 2 * 3')
    expect(text).toContain('if n & 0xff == 7 go to $after')
    expect(text).not.toContain('TOKEN')
  })

  it.each<[string, Value, string]>([
    ['nothing', null, '0'],
    ['a number', 7, '7'],
    ['a number of 64 bits', 2n ** 63n, '9223372036854775808'],
    ['a string, whose address it is', '/a', '"/a"'],
    ['bytes', Buffer.from('abc'), '/* 3 bytes */'],
    ['a word', ref('pid'), 'pid'],
    ['a place in a buffer', ref('pid', 4), 'pid+4'],
    ['an address', address('pid'), '&pid'],
    ['a buffer', buffer('room', 8), '&room'],
    ['a secret', { text: 'TOKEN=1', secret: true }, '…'],
    ['a vector', vector(['a']), '…'],
    ['a struct', struct('iovec', { iov_len: 3 }), '…'],
  ])('shows the machine’s own instructions on %s', (_, value, shown) => {
    const plan = sequence(
      step('words', {
        'host.prepare': [
          call('getpid', [], { save: 'pid' }),
          call('read', [0, buffer('room', 8), 8]),
          branch(value, 7, { then: '$after' }),
          compute('n', value, value, value),
        ],
      }),
    )
    const lines = formatExplanation(explain(plan, { arch: 'x64' }), { all: true })
    expect(lines).toContain(`if ${shown} == 7 go to $after`)
    expect(lines).toContain(`n = ${shown} + ${shown} * ${shown}`)
  })

  it('is data for programs, the indices those of the log', () => {
    const steps = explain(shell('exit 0'), { arch: 'arm64' })
    const calls = steps.flatMap((each) => each.calls)
    expect(calls[0]).toMatchObject({ index: 0, kind: 'call', call: expect.stringContaining('mmap(0x4000000') })
    expect(JSON.parse(JSON.stringify(steps))).toEqual(steps)
    expect(steps).toContainEqual(expect.objectContaining({ process: 'init', step: 'exec', origin: 'test' }))
  })

  it('shows what runs only under a condition below that condition, and where ways come together', () => {
    const plan = sequence(
      step('conditions', {
        'host.prepare': [
          call('openat', [-100, '/a', 0], { save: 'a', onError: { ENOENT: 'missing', EAGAIN: 'again' } }),
          label('found'),
          branch(ref('a'), 7, { then: 'good' }),
          fail('expected seven'),
          label('good'),
          branch(ref('a'), 8, { else: 'other' }),
          call('umask', [1]),
          goto('joined'),
          label('other'),
          branch(ref('a'), 9, { else: 'last' }),
          call('umask', [2]),
          label('joined'),
          call('umask', [3]),
          label('last'),
          call('close', [ref('a')], { tolerate: ['EBADF'] }),
          goto('done'),
          label('missing'),
          call('mkdir', ['/a', 0o755], { onError: { EEXIST: 'there' } }),
          goto('found'),
          label('there'),
          call('umask', [4]),
          goto('found'),
          label('again'),
          call('umask', [5]),
          label('done'),
        ],
      }),
    )
    const text = formatExplanation(explain(plan, { arch: 'x64' }))
    const [, shown = ''] = /conditions.*\n((?: {4}.*\n)*)/.exec(text) ?? []
    const renumbered = shown.replace(/(?<=^ {4}) *(\d+)/gm, '')
    expect(renumbered.replace(/\b\d\d?(?= (fails|has))/g, 'N')).toMatchInlineSnapshot(`
      "      openat(AT_FDCWD, "/a", O_RDONLY) → a
                only if a != 7:
              fail: expected seven
                only if a == 8:
              umask(01)
                only if a != 8:
                  only if a == 9:
                umask(02)
                only if N has run or N has run:
              umask(03)
            close(a)
                only if missing (N fails with ENOENT):
              mkdir("/a", 493)
                  only if N fails with EEXIST:
                umask(04)
                only if N fails with EAGAIN:
              umask(05)
      "
    `)
    for (const each of explain(plan, { arch: 'x64' }).flatMap(({ calls }) => calls)) {
      if (each.onlyIf !== undefined) expect(each.depth).toBeGreaterThan(0)
    }
  })

  it('lets the first of many equal runs stand for all, but not with `all`', () => {
    const names = ['cpu', 'memory', 'pids', 'io', 'rdma']
    const plan = sequence(
      step('groups', {
        'host.prepare': names.flatMap((name) => [
          call('mkdir', [`/${name}`, 0o755]),
          call('chdir', [`/${name}`]),
          call('umask', [0]),
        ]),
      }),
    )
    const steps = explain(plan, { arch: 'x64' })
    const text = formatExplanation(steps)
    expect(text.match(/mkdir/g)).toHaveLength(1)
    expect(text).toContain('… the same 4 times more: "/memory", "/pids", "/io", "/rdma"\n')
    expect(formatExplanation(steps, { all: true }).match(/mkdir/g)).toHaveLength(names.length)
  })
})
