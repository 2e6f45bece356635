// requires root, busybox for what the kernel says; parsing needs nothing
import { readFileSync } from 'node:fs'
import { call, type Step } from '@rt/program'
import { AT_FDCWD, S_IFREG } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import {
  availableCapabilities,
  oomScoreAdj,
  parseUlimits,
  type Rlimit,
  rlimits,
  root,
  umask,
  user,
} from '../src/index.js'
import { complaintsOf } from './complaints-of.js'
import { contained, outcome, start } from './contained.js'
import { explained } from './explained.js'
import { namespaces, proc, tree } from './steps.js'

describe('parseUlimits', () => {
  it.each<[string, Rlimit]>([
    ['nofile=1024', { name: 'RLIMIT_NOFILE', soft: 1024, hard: 1024 }],
    ['nofile=1024:4096', { name: 'RLIMIT_NOFILE', soft: 1024, hard: 4096 }],
    ['core=0:-1', { name: 'RLIMIT_CORE', soft: 0, hard: 'unlimited' }],
    ['stack=unlimited', { name: 'RLIMIT_STACK', soft: 'unlimited', hard: 'unlimited' }],
    ['as=18446744073709551614', { name: 'RLIMIT_AS', soft: 2n ** 64n - 2n, hard: 2n ** 64n - 2n }],
  ])('%s', (entry, expected) => {
    expect(parseUlimits([entry])).toEqual([expected])
  })

  it('the last of a name counts', () => {
    expect(parseUlimits(['nproc=1', 'core=0', 'nproc=2'])).toEqual([
      { name: 'RLIMIT_NPROC', soft: 2, hard: 2 },
      { name: 'RLIMIT_CORE', soft: 0, hard: 0 },
    ])
  })

  it('tells everything that is wrong', () => {
    const wrong = ['nofile', '=1', 'files=1', 'NOFILE=1', 'nofile=', 'nofile=-2', 'nofile=1:x', 'nofile=2:1']
    const more = ['nofile=-1:5', 'nofile=1.5', 'nofile=1:2:3', 'nofile=18446744073709551615', 'nofile= 1']
    const complaints = complaintsOf(() => parseUlimits([...wrong, ...more]))
    expect(complaints).toHaveLength(13)
    expect(complaints[0]).toBe('--ulimit: "nofile": expected NAME=SOFT[:HARD]')
    expect(complaints[2]).toMatch(/^--ulimit: "files=1": no limit is named "files"; cpu, fsize, .*nofile/)
    expect(complaints[5]).toBe('--ulimit: "nofile=-2": "-2" is no limit: expected a whole number, "unlimited" or -1')
    expect(complaints[7]).toBe('--ulimit: "nofile=2:1": the soft limit 2 is above the hard limit 1')
    expect(complaints[8]).toBe('--ulimit: "nofile=-1:5": the soft limit unlimited is above the hard limit 5')
  })
})

describe('rlimits', () => {
  it('is a prlimit64 each', () => {
    const limits = [
      { name: 'RLIMIT_NOFILE', soft: 10, hard: 20n },
      { name: 'RLIMIT_CORE', soft: 0, hard: 'unlimited' },
    ] as const
    expect(explained(rlimits(limits))).toMatchInlineSnapshot(`
      "rlimits:
        prlimit64(0, RLIMIT_NOFILE, {rlim_cur=10, rlim_max=20}, NULL)
        prlimit64(0, RLIMIT_CORE, {rlim_cur=0, rlim_max=RLIM64_INFINITY}, NULL)"
    `)
  })

  it('refuses what is no limit', () => {
    const limits = [
      { name: 'RLIMIT_FOO', soft: 0, hard: 0 },
      { name: 'RLIMIT_CPU', soft: -1, hard: 1.5 },
      { name: 'RLIMIT_AS', soft: 'unlimited', hard: 2n ** 63n },
      { name: 'RLIMIT_AS', soft: 0, hard: 0 },
    ] as Rlimit[]
    expect(complaintsOf(() => rlimits(limits))).toEqual([
      'rlimits[0]: no resource limit is named "RLIMIT_FOO"',
      'rlimits[1]: RLIMIT_CPU: -1 and 1.5 is no limit; a whole number or "unlimited"',
      'rlimits[2]: RLIMIT_AS: soft unlimited is above hard 9223372036854775808',
      'rlimits[3]: RLIMIT_AS is given twice',
    ])
  })
})

it.each([-1001, 1001, 0.5, Number.NaN])('oomScoreAdj refuses %d', (score) => {
  expect(complaintsOf(() => oomScoreAdj(score, '--oom-score-adj'))).toEqual([
    `--oom-score-adj: ${score} is not a whole number from -1000 to 1000`,
  ])
})

it.each([-1, 0o1000, 1.5])('umask refuses %d', (mask) => {
  expect(complaintsOf(() => umask(mask))).toHaveLength(1)
})

describe('the contained process', () => {
  let directory: string
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    directory ??= busyboxRoot()
  })
  const printed = async (script: string, ...steps: Parameters<typeof contained>[0][]) => {
    const around = [namespaces(), root(tree(directory), proc()), steps]
    return (await contained(around, ['sh', '-c', script])).stdout
  }

  it('has its limits', async () => {
    const limits = parseUlimits(['nofile=100:200', 'core=0', 'fsize=123456789:unlimited', 'nproc=55:66'])
    const shown = await printed('cat /proc/self/limits', rlimits(limits), user({ uid: 1000, gid: 1000, groups: [] }))
    expect(shown).toMatch(/^Max open files +100 +200 /m)
    expect(shown).toMatch(/^Max core file size +0 +0 /m)
    expect(shown).toMatch(/^Max file size +123456789 +unlimited /m)
    expect(shown).toMatch(/^Max processes +55 +66 /m)
  })

  it('can’t have more than CAP_SYS_RESOURCE would give: the error says what to do', async (context) => {
    if (availableCapabilities(['CAP_SYS_RESOURCE']).missing.length === 0) context.skip('root has CAP_SYS_RESOURCE here')
    await expect(printed('true', rlimits(parseUlimits(['nofile=1000000']), '--ulimit'))).rejects.toMatchObject({
      step: 'rlimits',
      origin: '--ulimit',
      code: 'EPERM',
      call: expect.stringContaining('prlimit64(0, RLIMIT_NOFILE, {rlim_cur=1000000, rlim_max=1000000}, NULL)'),
      hint: expect.stringContaining('the hard limit of RLIMIT_NOFILE needs CAP_SYS_RESOURCE'),
    })
  })

  it('has its umask, whatever the caller’s is', async () => {
    const before = process.umask(0o77)
    try {
      expect(await printed('umask; touch /tmp/file; stat -c %a /tmp/file', umask(0o27))).toBe('0027\n640\n')
    } finally {
      process.umask(before)
    }
  })

  it('has its oom_score_adj, and the supervisor and Node keep theirs', async () => {
    const own = readFileSync('/proc/self/oom_score_adj', 'utf8')
    const container = await start(
      [namespaces(), root(tree(directory), proc()), oomScoreAdj(437)],
      ['sh', '-c', 'read line; cat /proc/self/oom_score_adj'],
      {},
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    expect(readFileSync(`/proc/${container.supervisor}/oom_score_adj`, 'utf8')).toBe(own)
    container.stdin?.end()
    expect((await outcome(container)).stdout).toBe('437\n')
    expect(readFileSync('/proc/self/oom_score_adj', 'utf8')).toBe(own)
  })

  it('has its oom_score_adj where a plain user starts it, though the set-up isn’t dumpable', async () => {
    const plainUser: Step = { name: 'plain user', why: 'test', 'init.enter': [call('setresuid', [1000, 1000, 1000])] }
    const { stdout } = await contained([plainUser, oomScoreAdj(500)], ['/bin/cat', '/proc/self/oom_score_adj'])
    expect(stdout).toBe('500\n')
  })

  it('does not take a fake /proc for the real one (CVE-2019-16884)', async () => {
    const fake: Step = {
      name: 'fake proc',
      why: 'test',
      'init.enter': [
        call('mount', ['none', '/proc', 'tmpfs', 0, null]),
        call('mkdirat', [AT_FDCWD, '/proc/self', 0o755]),
        call('mknodat', [AT_FDCWD, '/proc/self/oom_score_adj', S_IFREG | 0o644, 0]),
      ],
    }
    await expect(contained([namespaces(), fake, oomScoreAdj(500)], ['/bin/true'])).rejects.toMatchObject({
      step: 'oom_score_adj',
      message: '"/proc/self/oom_score_adj" is not in a procfs',
    })
  })

  it('can’t be spared by the OOM killer without CAP_SYS_RESOURCE', async (context) => {
    if (availableCapabilities(['CAP_SYS_RESOURCE']).missing.length === 0) context.skip('root has CAP_SYS_RESOURCE here')
    await expect(printed('true', oomScoreAdj(-500, '--oom-score-adj'))).rejects.toMatchObject({
      step: 'oom_score_adj',
      origin: '--oom-score-adj',
      code: 'EACCES',
      hint: expect.stringContaining('CAP_SYS_RESOURCE'),
    })
  })
})
