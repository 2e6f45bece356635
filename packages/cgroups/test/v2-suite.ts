import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '@rt/program'
import { formatError, lsetxattr, RtError } from '@rt/sys'
import {
  type Cgroup,
  cgroup,
  DEFAULT_DEVICES,
  type DeviceRule,
  detectCgroups,
  join,
  joinGroupsOf,
  vacate,
} from '../src/index.js'
import { shell } from './plans.js'

/**
 * What must hold on a host with cgroup v2 alone. No test framework: a virtual machine runs it with plain node and
 * busybox (v2-vm.ts), vitest runs it where the host itself is so (v2.kernel.test.ts).
 */
export interface Check {
  readonly name: string
  /** A returned text is the reason why the check could not be made. */
  run(): Promise<string | undefined>
}

const MIB = 2 ** 20
const ROOT = '/sys/fs/cgroup'
const NAME = `rt-test-${process.pid}`
const checks: Check[] = []
const check = (name: string, body: () => Promise<string | undefined>) => checks.push({ name, run: body })

let count = 0
const path = (name: string): string => `/${NAME}/${name}-${++count}`
const read = (group: { readonly path: string }, file: string): string =>
  readFileSync(`${ROOT}${group.path}/${file}`, 'utf8').trim()

/** Make a group for the body and take it away after it. */
async function withGroup(name: string, body: (group: Cgroup) => Promise<void>): Promise<undefined> {
  const group = cgroup(path(name))
  try {
    await body(group)
  } finally {
    await group.kill()
    await group.remove()
  }
}

/** A shell that waits for a line before it runs the script. */
function waitingShell(script: string): { child: ChildProcess; pid: number; go(): Promise<Ended> } {
  const child = spawn('/bin/sh', ['-c', `read line; ${script}`], { stdio: ['pipe', 'pipe', 'ignore'] })
  let stdout = ''
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes
  })
  const end = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ stdout, code, signal })))
  const go = () => {
    child.stdin.end('go\n')
    return end
  }
  return { child, pid: child.pid as number, go }
}

interface Ended {
  readonly stdout: string
  readonly code: number | null
  readonly signal: string | null
}

async function until(what: () => boolean, milliseconds = 5_000): Promise<void> {
  for (const end = Date.now() + milliseconds; !what(); await sleep(10)) {
    assert(Date.now() < end, `waited ${milliseconds} ms in vain for ${what}`)
  }
}

async function output(plan: ReturnType<typeof shell>): Promise<string> {
  const container = await run(plan, { stdio: ['null', 'pipe', 'inherit'] })
  let text = ''
  container.stdout?.on('data', (bytes: Buffer) => {
    text += bytes
  })
  const drained = new Promise((resolve) => container.stdout?.on('close', resolve))
  await container.exited
  await drained
  return text
}

const rejection = async (promise: Promise<unknown>): Promise<RtError> => {
  const error: unknown = await promise.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => error,
  )
  assert(RtError.isInstance(error), String(error))
  return error
}

/** Directories that tests have left. */
const left = (): string[] => readdirSync(ROOT).filter((name) => name.startsWith('rt-test-'))

check('detects v2 with its controllers, and root may use all of it', async () => {
  const { mode, hierarchies } = detectCgroups()
  assert.equal(mode, 'v2')
  assert.deepEqual(
    hierarchies.map(({ version, mountPoint, top }) => ({ version, mountPoint, top })),
    [{ version: 2, mountPoint: ROOT, top: ROOT }],
  )
  for (const name of ['cpu', 'memory', 'pids', 'io', 'cpuset']) assert(hierarchies[0]?.controllers.includes(name), name)
  return undefined
})

check('makes a group, again without harm, and removes it with its parent', () =>
  withGroup('made', async (group) => {
    await group.create()
    await group.create()
    assert(existsSync(`${ROOT}${group.path}`))
    for (const name of ['cpu', 'memory', 'pids', 'io']) {
      assert(read(group, 'cgroup.controllers').includes(name), `${name} is enabled for statistics`)
    }
    await group.remove()
    await group.remove()
    assert.deepEqual(left(), [])
  }),
)

check('writes all kinds of limits as the kernel reads them', () =>
  withGroup('limits', async (group) => {
    await group.create({
      memory: { max: '256M', swap: '384M', reservation: '64M' },
      cpu: { shares: 512, quota: 50_000, period: 100_000, burst: 5_000 },
      cpuset: { cpus: '0', mems: '0' },
      pids: { max: 64 },
      unified: { 'memory.high': String(200 * MIB), 'cgroup.max.depth': '3' },
    })
    const expected = {
      'memory.max': String(256 * MIB),
      'memory.low': String(64 * MIB),
      'memory.high': String(200 * MIB),
      'cpu.weight': '59',
      'cpu.max': '50000 100000',
      'cpu.max.burst': '5000',
      'cpuset.cpus': '0',
      'pids.max': '64',
      'cgroup.max.depth': '3',
    }
    for (const [file, value] of Object.entries(expected)) assert.equal(read(group, file), value, file)
    assert.equal(read(group, 'memory.swap.max'), String(128 * MIB))
    await group.set({ cpu: { period: 20_000 } })
    assert.equal(read(group, 'cpu.max'), '50000 20000')
    await group.set({ cpu: { quota: 5_000, period: 10_000, burst: 1_000 }, memory: { max: '32M', swap: '32M' } })
    assert.equal(read(group, 'memory.swap.max'), '0')
    assert.equal(read(group, 'cpu.max.burst'), '1000')
    assert.equal(read(group, 'pids.max'), '64')
    await group.set({ cpu: { quota: 'max', burst: 0 }, memory: { max: 'max', swap: 'max' }, pids: { max: 'max' } })
    assert.equal(read(group, 'cpu.max'), 'max 10000')
    assert.equal(read(group, 'memory.max'), 'max')
  }),
)

check('limits disks', async () => {
  if (!existsSync('/dev/ram0')) return 'needs /dev/ram0, a disk to limit (module brd)'
  const { rdev } = statSync('/dev/ram0')
  const device = `${rdev >> 8}:${rdev & 0xff}`
  return withGroup('io', async (group) => {
    await group.create({ io: { throttle: [{ device, rbps: '1M', wiops: 100 }] } })
    assert.equal(read(group, 'io.max'), `${device} rbps=1048576 wbps=max riops=max wiops=100`)
    // Which weights a kernel has is seen in a group that is there.
    await cgroup(group.path).set({ io: { weight: 500 } })
    const weights = ['io.weight', 'io.bfq.weight'].filter((file) => existsSync(`${ROOT}${group.path}/${file}`))
    const values = weights.map((file) => read(group, file).split('\n')[0])
    assert(values.length > 0)
    assert.deepEqual(
      values,
      weights.map((file) => (file === 'io.weight' ? 'default 4950' : 'default 500')),
    )
    await group.set({ io: { throttle: [{ device, rbps: 'max', wiops: 'max' }] } })
    assert.equal(read(group, 'io.max'), '')
    const error = await rejection(group.set({ io: { throttle: [{ device: '250:77', rbps: 1 }] } }))
    assert.equal(error.code, 'ENODEV')
    assert.match(formatError(error), /cannot set io.throttle\[0\]: "250:77 rbps=1" to io.max/)
  })
})

check('limits huge pages', async () => {
  const host = detectCgroups()
  if (!host.hierarchies[0]?.controllers.includes('hugetlb')) return 'needs the hugetlb controller'
  return withGroup('hugetlb', async (group) => {
    await group.create({ hugetlb: { '2MB': '64M' } })
    assert.equal(read(group, 'hugetlb.2MB.max'), String(64 * MIB))
    assert.equal(read(group, 'hugetlb.2MB.rsvd.max'), String(64 * MIB))
    assert.deepEqual(group.stats().hugetlb?.['2MB'], { current: 0, max: 64 * MIB, failures: 0 })
    const error = await rejection(group.create({ hugetlb: { '16GB': 0 } }))
    assert.equal(error.code, 'RT_UNSUPPORTED')
  })
})

check('limits processes', () =>
  withGroup('pids', async (group) => {
    await group.create({ pids: { max: 3 } })
    const process = waitingShell('sleep 0.2 & sleep 0.2 & sleep 0.2 & echo all')
    await group.add(process.pid)
    assert.equal((await process.go()).stdout, '')
    assert.equal(group.stats().pids?.max, 3)
    assert((group.stats().pids?.failures ?? 0) > 0)
  }),
)

check('confines to CPUs', () =>
  withGroup('cpuset', async (group) => {
    await group.create({ cpuset: { cpus: '0' } })
    const process = waitingShell('grep Cpus_allowed_list /proc/self/status')
    await group.add(process.pid)
    assert.equal((await process.go()).stdout, 'Cpus_allowed_list:\t0\n')
  }),
)

check('tells of an OOM kill at once', () =>
  withGroup('oom', async (group) => {
    await group.create({ memory: { max: '24M', swap: '24M' } })
    const process = waitingShell('exec dd if=/dev/zero of=/dev/null bs=64M count=1')
    await group.add(process.pid)
    const event = group.events().next()
    const end = process.go()
    assert.deepEqual(await event, { done: false, value: { kind: 'oom_kill', total: 1 } })
    assert.equal((await end).signal, 'SIGKILL')
    assert.equal(group.stats().memory?.oomKills, 1)
    assert((group.stats().memory?.failures ?? 0) > 0)
  }),
)

check('ends the events when the group is removed', async () => {
  const group = cgroup(path('events'))
  await group.create()
  const end = group.events().next()
  await sleep(50)
  await group.remove()
  assert.deepEqual(await end, { done: true, value: undefined })
  return undefined
})

check('freezes, thaws, and kills while frozen', () =>
  withGroup('freeze', async (group) => {
    await group.create()
    const process = waitingShell('while :; do :; done')
    await group.add(process.pid)
    const end = process.go()
    const usage = () => group.stats().cpu?.usage ?? 0
    await until(() => usage() > 20_000)
    await group.freeze()
    const frozen = usage()
    await sleep(200)
    assert(usage() - frozen < 1_000, `it used ${usage() - frozen} µs while frozen`)
    await group.thaw()
    await until(() => usage() > frozen + 20_000)
    await group.freeze()
    await group.kill()
    assert.equal((await end).signal, 'SIGKILL')
  }),
)

check('kills what forks, in groups below too, and says who keeps a group busy', () =>
  withGroup('kill', async (group) => {
    const below = cgroup(`${group.path}/below`)
    await below.create()
    const process = waitingShell('while :; do sleep 10 & sleep 0.01; done')
    await below.add(process.pid)
    void process.go()
    await until(() => group.processes().length > 3)
    const error = await rejection(group.remove())
    assert.equal(error.code, 'RT_BUSY')
    assert.match(error.hint ?? '', /^processes \d+, \d+/)
    await group.kill()
    assert.deepEqual(group.processes(), [])
  }),
)

check('is told when a group is empty', () =>
  withGroup('empty', async (group) => {
    await group.create()
    const process = waitingShell('sleep 0.3')
    await group.add(process.pid)
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    await assert.rejects(group.waitEmpty({ signal: stop.signal }), { name: 'AbortError' })
    const end = process.go()
    const empty = group.waitEmpty().then(() => Date.now())
    await end
    const ended = Date.now()
    // Told, not found by the look once a second.
    assert((await empty) - ended < 500, 'it took half a second')
    assert.equal(group.isPopulated(), false)
  }),
)

const allow = (major: number, minor: number, access: string): DeviceRule => ({
  allow: true,
  type: 'c',
  major,
  minor,
  access,
})
const NOTHING: DeviceRule = { allow: false, type: 'a', access: 'rwm' }
const TRY_DEVICES =
  'for d in null zero full; do (: </dev/$d) 2>&- && echo -n "r$d "; (: >/dev/$d) 2>&- && echo -n "w$d "; done; echo'

check('decides about devices by a program, from Node and from a step', () =>
  withGroup('devices', async (group) => {
    const attempt = async () => {
      const process = waitingShell(TRY_DEVICES)
      await group.add(process.pid)
      return (await process.go()).stdout.trim()
    }
    await group.create({ devices: [NOTHING, allow(1, 3, 'rw'), allow(1, 5, 'r')] })
    assert.equal(await attempt(), 'rnull wnull rzero')
    await group.set({ devices: [NOTHING, allow(1, 7, 'r'), allow(1, 3, 'w')] })
    assert.equal(await attempt(), 'wnull rfull')
    await group.set({ devices: DEFAULT_DEVICES })
    assert.match(await attempt(), /^rnull wnull rzero wzero rfull/)
    const step = join(path('devices'), { devices: [NOTHING, allow(1, 3, 'r')] })
    assert.equal((await output(shell(TRY_DEVICES, [step]))).trim(), 'rnull')
  }),
)

check('tells what a container has used: peaks, throttling, and a kill for want of memory', async () => {
  const exitOf = async (script: string, resources: Parameters<typeof join>[1]) =>
    (await run(shell(script, [join(path('usage'), resources)]), { stdio: 'null' })).exited
  const busy = await exitOf('i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done', {
    cpu: { quota: 10_000, period: 100_000 },
    memory: { max: '64M' },
  })
  assert.equal(busy.oomKilled, false)
  assert((busy.usage.throttledPeriods ?? 0) > 0)
  assert((busy.usage.throttledMicroseconds ?? 0) > 10_000)
  assert((busy.usage.memoryPeak ?? 0) > 0)
  const killed = await exitOf('dd if=/dev/zero of=/dev/null bs=100M count=1; exit 4', {
    memory: { max: '16M', swap: '16M' },
  })
  assert.deepEqual(killed, { code: 4 })
  assert.equal(killed.oomKilled, true)
  assert.deepEqual(left(), [])
  return undefined
})

check('a container joins before its cgroup namespace, under its limits, and leaves nothing', async () => {
  const group = cgroup(path('join'))
  const step = join(group.path, { pids: { max: 4 }, memory: { max: '64M', swap: '64M' }, cpuset: { cpus: '0' } })
  const container = await run(shell('read line', [step]), { stdio: ['pipe', 'inherit', 'inherit'] })
  assert.deepEqual(group.processes(), [container.pid])
  assert.equal(read(group, 'memory.max'), String(64 * MIB))
  const inside = await output(shell('cat /proc/self/cgroup', [joinGroupsOf(container.pid)]))
  assert.equal(inside, '0::/\n')
  container.stdin?.end('go\n')
  assert.deepEqual(await container.exited, { code: 0 })
  assert.equal(await output(shell('cat /proc/self/cgroup', [step])), '0::/\n')
  assert.deepEqual(left(), [])
  return undefined
})

check('a container kills what it leaves without a pid namespace', async () => {
  const plan = shell('exec 2>/dev/null; sleep 1000 >&2 & sleep 1000 >&2 & echo $!', [join(path('left'))], 0)
  const last = Number(await output(plan))
  assert(last > 0)
  await until(() => !existsSync(`/proc/${last}/exe`))
  assert.deepEqual(left(), [])
  return undefined
})

check('a container without limits has a group of its own, and is born in it', async () => {
  const group = cgroup(path('own'))
  const step = join(group.path)
  const container = await run(shell('read line; cat /proc/self/cgroup', [step]), {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  try {
    assert.deepEqual(group.processes(), [container.pid])
    assert.equal(step.cloneInto, '$cgroup')
    // By CLONE_INTO_CGROUP: to write a pid anywhere waits for an RCU grace period.
    const written = container.program.sites.flatMap(({ instruction }) =>
      instruction.kind === 'call' && instruction.call === 'openat' ? [String(instruction.args[1])] : [],
    )
    assert.deepEqual(
      written.filter((file) => /\/(tasks|cgroup\.procs)$/.test(file)),
      [],
    )
  } finally {
    container.stdin?.end('go\n')
    await container.exited
  }
  assert.deepEqual(left(), [])
  return undefined
})

check('one name, one container; an empty group that a killed rt left is made anew', async () => {
  const group = cgroup(path('name'))
  await group.create({ pids: { max: 3 } })
  const start = (max: number) =>
    run(shell('read line', [join(group.path, { pids: { max } })]), { stdio: ['pipe', 'inherit', 'inherit'] })
  const first = await start(7)
  assert.equal(read(group, 'pids.max'), '7')
  const error = await rejection(start(5))
  assert.equal(error.code, 'RT_BUSY')
  assert.match(error.message, /^the cgroup ".*" is in use$/)
  assert.equal(read(group, 'pids.max'), '7')
  assert.deepEqual(group.processes(), [first.pid])
  first.stdin?.end('go\n')
  await first.exited
  assert.deepEqual(left(), [])
  return undefined
})

check('what a container made below its group is removed, deep and wide, and whatever it claims about it', async () => {
  const group = cgroup(path('below'))
  const top = `${ROOT}${group.path}`
  const deep = `${top}${'/d'.repeat(100)}`
  const wide = Array.from({ length: 300 }, (_, i) => `${top}/wide-${i}`)
  const script = `mkdir -p ${deep} ${wide.join(' ')}; read line`
  const container = await run(shell(script, [join(group.path)]), { stdio: ['pipe', 'inherit', 'inherit'] })
  await until(() => existsSync(`${top}/wide-299`), 30_000)
  // The mark of an earlier rt: "another container shares this group".
  lsetxattr(top, 'user.rt', Buffer.from('shared'))
  container.stdin?.end('go\n')
  assert.deepEqual(await container.exited, { code: 0 })
  assert.deepEqual(container.warnings, [])
  assert.deepEqual(left(), [])
  return undefined
})

check('statistics of a group that is gone are an error', async () => {
  const group = cgroup(path('gone'))
  await group.create()
  group.stats()
  await group.remove()
  assert.throws(() => group.stats(), { code: 'RT_NOT_FOUND' })
  return undefined
})

check('32 containers at once below one parent', async () => {
  const parent = path('many')
  const ends = await Promise.all(
    Array.from({ length: 32 }, async (_, i) => {
      const container = await run(shell('exit 0', [join(`${parent}/${i}`, { pids: { max: 5 } })]))
      return container.exited
    }),
  )
  assert.deepEqual(ends, Array(32).fill({ code: 0 }))
  assert.deepEqual(left(), [])
  return undefined
})

check('says why a group with processes can have no controllers for its children', () =>
  withGroup('internal', async (group) => {
    await group.create()
    const process = waitingShell('true')
    await group.add(process.pid)
    const child = cgroup(`${group.path}/below`)
    const limits = { memory: { max: '1g' } }
    const error = await rejection(child.create(limits))
    assert.equal(error.code, 'EBUSY')
    assert.match(error.hint ?? '', /choose a parent without processes/)
    assert.equal(existsSync(`${ROOT}${child.path}`), false)
    const step = await rejection(run(shell('exit 0', [join(child.path, limits)])))
    assert.equal(step.code, 'EBUSY')
    assert.match(step.hint ?? '', /choose a parent without processes/)
    assert.equal(existsSync(`${ROOT}${child.path}`), false)
    await process.go()
  }),
)

check('says so when a parent is threaded', async () => {
  const name = `${NAME}-threaded`
  mkdirSync(`${ROOT}/${name}`)
  try {
    writeFileSync(`${ROOT}/${name}/cgroup.type`, 'threaded')
    const error = await rejection(cgroup(`/${name}/below`).create({ memory: { max: '1g' } }))
    assert.match(formatError(error), /cgroup.subtree_control/)
    assert(error.hint !== undefined, formatError(error))
    assert.equal(existsSync(`${ROOT}/${name}/below`), false)
  } finally {
    rmdirSync(`${ROOT}/${name}`)
  }
  return undefined
})

check('a plain user makes groups in the subtree that is delegated, and is told what is not', async () => {
  const [, program] = process.argv
  if (!program?.endsWith('.mjs')) return 'needs to be a program of its own: it starts itself as another user'
  const slice = `${ROOT}/${NAME}-slice`
  const scope = `${slice}/scope`
  mkdirSync(scope, { recursive: true })
  try {
    for (const directory of [ROOT, slice]) writeFileSync(`${directory}/cgroup.subtree_control`, '+pids +memory +cpu')
    const process_ = spawn('/bin/sh', [
      '-c',
      // What systemd does for Delegate=yes: the directory and three files become the user's.
      `chown 1000 ${scope} ${scope}/cgroup.procs ${scope}/cgroup.subtree_control ${scope}/cgroup.threads && ` +
        `echo $$ >${scope}/cgroup.procs && exec ${process.execPath} ${program} delegated`,
    ])
    let text = ''
    for (const stream of [process_.stdout, process_.stderr]) {
      stream.on('data', (bytes: Buffer) => {
        text += bytes
      })
    }
    const code = await new Promise((resolve) => process_.on('close', resolve))
    assert.equal(code, 0, text)
  } finally {
    for (const directory of [`${scope}/rt-vacated`, scope, slice]) if (existsSync(directory)) rmdirSync(directory)
  }
  return undefined
})

/** The other half of the check above: what the plain user does. */
export async function asDelegatedUser(): Promise<void> {
  process.setgid?.(1000)
  process.setuid?.(1000)
  const host = detectCgroups()
  const [v2] = host.hierarchies
  assert.notEqual(process.getuid?.(), 0)
  assert(v2?.top !== undefined && v2.top === v2.own, `top ${v2?.top}, own ${v2?.own}`)
  assert.deepEqual([...v2.controllers].sort(), ['cpu', 'memory', 'pids'])
  const group = cgroup('/rt/demo', host)
  // Ourselves are in the way …
  const error = await rejection(group.create({ memory: { max: '64M' } }))
  assert.equal(error.code, 'EBUSY')
  // … until we step aside.
  assert.equal(vacate(host), true)
  assert.equal(vacate(host), false)
  await group.create({ pids: { max: 9 }, memory: { max: '64M' } })
  assert.equal(group.stats().pids?.max, 9)
  assert.deepEqual(group.directories, [`${v2.top}/rt/demo`])
  const unsupported = await rejection(group.create({ io: { weight: 100 } }))
  assert.equal(unsupported.code, 'RT_UNSUPPORTED')
  assert.match(unsupported.complaints?.[0]?.message ?? '', /io controller is not delegated to .* Delegate=io/)
  const process_ = waitingShell('true')
  await group.add(process_.pid)
  await process_.go()
  const devices = await rejection(group.create({ devices: DEFAULT_DEVICES }))
  assert.equal(devices.code, 'EPERM')
  assert.match(devices.hint ?? '', /for root/)
  await group.remove()
  assert.equal(existsSync(`${v2.top}/rt`), false)
}

/** All checks, in the order in which they are to run. */
export const V2_CHECKS: readonly Check[] = checks

/**
 * Run all checks and print a line for each, as TAP does.
 *
 * @returns how many failed
 */
export async function runV2Suite(print: (line: string) => void = console.log): Promise<number> {
  let failed = 0
  print(`1..${checks.length}`)
  for (const [i, { name, run }] of checks.entries()) {
    const started = performance.now()
    try {
      const skipped = await run()
      const note = skipped === undefined ? '' : ` # SKIP ${skipped}`
      print(`ok ${i + 1} - ${name} (${Math.round(performance.now() - started)} ms)${note}`)
    } catch (error) {
      failed++
      print(`not ok ${i + 1} - ${name}`)
      const text = `${RtError.isInstance(error) ? `${formatError(error)}\n` : ''}${(error as Error).stack}`
      for (const line of text.split('\n')) print(`  # ${line}`)
    }
  }
  return failed
}
