// requires nothing: plans are checked before anything runs
import {
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  formatError,
  RtError,
  SIGNALS,
} from '@rt/sys'
import { describe, expect, it } from 'vitest'
import {
  address,
  apply,
  assemble,
  branch,
  buffer,
  call,
  clone,
  compile,
  explain,
  type Instruction,
  label,
  openedByInit,
  type Plan,
  ref,
  run,
  sequence,
  struct,
  TOLD_TO_NODE,
  vector,
} from '../src/index.js'
import { execute, shell, step } from './plans.js'

const exec = step('exec', { 'init.execute': execute(['/bin/true']) })
const own = step('namespaces', { clone: CLONE_NEWNS | CLONE_NEWUTS })

function refusal(plan: Plan, check = (it: Plan): unknown => assemble(it)): RtError {
  try {
    check(plan)
  } catch (error) {
    if (RtError.isInstance(error)) return error
    throw error
  }
  throw new Error('the plan was taken')
}

/** Tried in every way that a plan is assembled. */
const assemblies: [string, (plan: Plan) => unknown][] = [
  ['run', (plan) => assemble(plan)],
  [
    'run, detached and traced',
    (plan) => assemble(plan, { supervision: { ...TOLD_TO_NODE, dieWith: 'nobody' }, traced: true }),
  ],
  ['compile', (plan) => compile(plan)],
  ['compile for arm64', (plan) => compile(plan, { arch: 'arm64' })],
]

describe.each(assemblies)('%s refuses', (_, assembled) => {
  it('steps after the one that executes: they would restrict nobody', () => {
    const user = step('user', { origin: '--user 1', 'init.execute': [call('setresuid', [1, 1, 1])] })
    const capabilities = step('capabilities', { 'init.execute': [call('prctl', [24, 1, 0, 0, 0])] })
    const error = refusal(sequence(exec, user, capabilities), assembled)
    expect(error).toMatchObject({
      code: 'RT_PROGRAM',
      step: 'user',
      origin: '--user 1',
      message: expect.stringContaining('stands after "exec", whose execve ends the set-up'),
      complaints: [{ path: 'user' }, { path: 'capabilities' }],
    })
    expect(formatError(error)).toMatch(/hint: .*comes before it/)
  })

  it('a plan without an execve', () => {
    expect(refusal(sequence(own, step('last', { 'init.mount': [call('getpid', [])] })), assembled)).toMatchObject({
      code: 'RT_PROGRAM',
      step: 'last',
      message: expect.stringContaining('without an execve'),
      hint: 'let exec() of @rt/chroot be the last step, or use apply for steps without a program',
    })
    expect(refusal(sequence(), assembled)).toMatchObject({ code: 'RT_PROGRAM', step: 'plan' })
    expect(refusal(sequence(step('outside', { 'host.prepare': execute(['/bin/true']) })), assembled)).toMatchObject({
      step: 'outside',
      message: expect.stringContaining('without an execve'),
    })
  })

  it('a word that nobody saves', () => {
    expect(refusal(sequence(own, step('mounts', { 'init.mount': [call('fchdir', [ref('$root')])] }), exec), assembled)) //
      .toMatchObject({
        code: 'RT_PROGRAM',
        step: 'mounts',
        message: expect.stringContaining('reads "$root"'),
        hint: expect.stringContaining('hostRoot()'),
      })
  })

  it('a step that needs namespaces which nobody brings', () => {
    const exposed = step('attach root', { needs: CLONE_NEWNS | CLONE_NEWNET, 'init.mount': [] })
    expect(refusal(sequence(own, exposed, exec), assembled)).toMatchObject({
      step: 'attach root',
      message: expect.stringContaining('needs new namespaces (CLONE_NEWNET)'),
    })
  })
})

it('run refuses before anything is started', async () => {
  await expect(run(sequence(exec, step('user', { 'init.execute': [call('setsid', [])] })))).rejects.toMatchObject({
    code: 'RT_PROGRAM',
    step: 'user',
  })
})

describe('the execve', () => {
  const accepts = (...instructions: Instruction[]) =>
    expect(() => assemble(sequence(step('exec', { 'init.mount': instructions })))).not.toThrow()
  const attempt = (file: string, more: Parameters<typeof call>[2] = {}) =>
    call('execve', [file, vector([file]), vector([])], more)

  it('may be tried on several files, by execveat too, and have its failures led aside', () => {
    accepts(attempt('/a', { tolerate: ['ENOENT', 'EACCES'] }), attempt('/b'))
    accepts(call('execveat', [-100, '/a', vector(['a']), vector([]), 0]))
    accepts(
      attempt('/a', { onError: { '*': 'aside' } }),
      label('aside'),
      call('write', [2, 'no', 2]),
      call('exit_group', [1]),
    )
  })

  it('may be that of a child: init’s own comes later, or in the clone’s other branch', () => {
    const child = [
      clone('clone', [SIGNALS.SIGCHLD, 0, 0, 0, 0], 'hook', {
        child: [attempt('/hook', { tolerate: 'any' }), call('exit_group', [127])],
      }),
    ]
    expect(() => assemble(sequence(step('hook', { 'init.mount': child }), exec))).not.toThrow()
    // But then the other branch must not run out.
    expect(refusal(sequence(step('hook', { 'init.mount': child })))).toMatchObject({
      step: 'hook',
      message: expect.stringContaining('without an execve'),
    })
  })

  it('is not made good by its failure: what a failed execve leads to is no way to the next step', () => {
    const soft = step('exec', { 'init.mount': [attempt('/a', { tolerate: 'any' })] })
    expect(refusal(sequence(soft, step('user', { 'init.mount': [call('setsid', [])] })))).toMatchObject({
      step: 'user',
    })
    const aside = step('exec', {
      'init.mount': [attempt('/a', { onError: { '*': 'aside' } }), label('aside'), call('getpid', [])],
    })
    expect(refusal(sequence(aside, step('user', { 'init.mount': [call('setsid', [])] })))).toMatchObject({
      step: 'user',
    })
  })

  it('has nothing behind it in its own step that is never reached', () => {
    const dead = step('exec', { 'init.mount': [attempt('/a'), call('setresuid', [1, 1, 1])] })
    expect(refusal(sequence(dead))).toMatchObject({ step: 'exec', message: expect.stringContaining('never reached') })
  })

  it('ends the `open` phase of init as well', () => {
    const opens = step('sources', { 'host.open': [call('getpid', [])] })
    const early = step('early', { 'init.enter': execute(['/bin/true']) })
    expect(() => assemble(sequence(early, opens))).not.toThrow()
    expect(refusal(openedByInit(sequence(early, opens)))).toMatchObject({ step: 'sources' })
  })

  it('is no business of a child of the supervisor, nor of what the supervisor does after init is gone', () => {
    const after = step('remove', { 'host.gone': [call('unlinkat', [-100, '/x', 0], { tolerate: 'any' })] })
    expect(() => assemble(sequence(exec, after))).not.toThrow()
  })
})

describe('a word', () => {
  const plan = (...steps: Parameters<typeof sequence>) => sequence(...steps, exec)
  const takes = (it: Plan) => expect(() => assemble(it)).not.toThrow()

  it('is saved by a call, a sum, a buffer, a named struct, or the kernel through its address', () => {
    takes(plan(step('a', { 'init.mount': [call('getpid', [], { save: 'x' }), call('close', [ref('x')])] })))
    takes(plan(step('a', { 'init.mount': [call('read', [0, buffer('x', 8), 8]), call('close', [ref('x', 4)])] })))
    takes(plan(step('a', { 'init.mount': [call('wait4', [-1, address('x'), 0, null]), call('close', [ref('x')])] })))
    takes(
      plan(
        step('a', {
          'init.mount': [
            call('ppoll', [struct('timespec', { tv_sec: 1 }, 'x'), 0, 0, 0, 0]),
            call('close', [ref('x')]),
          ],
        }),
      ),
    )
  })

  it('that a later instruction saves is known in a loop, but not in an earlier phase or step', () => {
    const saves = call('getpid', [], { save: '$x' })
    const reads = call('close', [ref('$x')])
    takes(plan(step('loop', { 'init.mount': [reads, saves] })))
    expect(
      refusal(plan(step('reads', { 'init.mount': [reads] }), step('saves', { 'init.mount': [saves] }))),
    ).toMatchObject({
      step: 'reads',
    })
    expect(refusal(plan(step('both', { 'host.prepare': [reads], 'init.mount': [saves] })))).toMatchObject({
      step: 'both',
    })
    takes(plan(step('reads', { 'init.mount': [reads] }), step('saves', { 'host.prepare': [saves] })))
  })

  it('without a $ is its own step’s', () => {
    const saves = step('saves', { 'init.mount': [call('getpid', [], { save: 'x' })] })
    const reads = step('reads', { 'init.mount': [call('close', [ref('x')])] })
    expect(refusal(plan(saves, reads))).toMatchObject({ step: 'reads', hint: expect.stringContaining('begins with $') })
  })

  it('that init saves never comes to the supervisor, nor one of its own after the clone to init', () => {
    const saves = call('getpid', [], { save: '$x' })
    expect(
      refusal(
        plan(
          step('init', { 'init.enter': [saves] }),
          step('supervisor', { meets: [{ at: 'init.enter', host: [call('chroot', [ref('$x')])] }] }),
        ),
      ),
    ).toMatchObject({ step: 'supervisor', message: expect.stringContaining('in the supervisor') })
    expect(
      refusal(
        plan(
          step('supervisor', { meets: [{ at: 'init.enter', host: [saves] }] }),
          step('init', { 'init.mount': [call('close', [ref('$x')])] }),
        ),
      ),
    ).toMatchObject({ step: 'init' })
    // A close that accepts EBADF means: if it is open here. But somebody must save it.
    const close = call('close', [ref('$x')], { tolerate: ['EBADF'] })
    takes(
      plan(
        step('init', { 'init.enter': [saves] }),
        step('supervisor', { meets: [{ at: 'init.enter', host: [close] }] }),
      ),
    )
    expect(refusal(plan(step('supervisor', { meets: [{ at: 'init.enter', host: [close] }] })))).toMatchObject({
      step: 'supervisor',
    })
  })

  it('is looked for wherever one can stand: vectors, structs, branches, sums', () => {
    const places: Instruction[] = [
      call('execve', ['/x', vector([ref('lost')]), vector([])], { tolerate: 'any' }),
      call('writev', [1, struct('iovec', { iov_base: ref('lost') }, 'named'), 1]),
      branch(ref('lost'), 0, {}),
      { kind: 'compute', save: 'y', base: 0, left: ref('lost'), right: 2 },
    ]
    for (const place of places) {
      expect(refusal(plan(step('reads', { 'init.mount': [place] }))), place.kind).toMatchObject({ step: 'reads' })
    }
  })

  it('is looked for by apply, and not by explain, which may show a part of a plan', () => {
    const part = sequence(step('reads', { 'init.mount': [call('fchdir', [ref('$root')])] }))
    expect(refusal(part, (it) => apply(it))).toMatchObject({ code: 'RT_PROGRAM', step: 'reads' })
    expect(explain(part).map(({ step }) => step)).toContain('reads')
  })
})

describe('namespaces', () => {
  const calls: [string, Instruction, number][] = [
    ['mount', call('mount', ['none', '/x', 'tmpfs', 0, null]), CLONE_NEWNS],
    ['umount2', call('umount2', ['/x', 0]), CLONE_NEWNS],
    ['move_mount', call('move_mount', [3, '', -100, '/x', 4]), CLONE_NEWNS],
    ['pivot_root', call('pivot_root', ['.', '.']), CLONE_NEWNS],
    ['sethostname', call('sethostname', ['x', 1]), CLONE_NEWUTS],
    ['setdomainname', call('setdomainname', ['x', 1]), CLONE_NEWUTS],
  ]
  it.each(calls)('that %s acts on must be new ones, unless the supervisor makes the call', (_, instruction, flag) => {
    const named = step('acts', { 'init.mount': [instruction] })
    const others = (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWIPC) & ~flag
    expect(refusal(sequence(step('others', { clone: others }), named, exec))).toMatchObject({ step: 'acts' })
    const takes = (...steps: Parameters<typeof sequence>) =>
      expect(() => assemble(sequence(...steps, exec))).not.toThrow()
    takes(step('own', { clone: flag }), named)
    takes(step('unshared', { 'init.enter': [call('unshare', [flag])] }), named)
    takes(step('joined', { 'init.enter': [call('setns', [3, flag])] }), named)
    takes(step('joined', { 'init.enter': [call('setns', [3, 0])] }), named)
    takes(step('outside', { 'host.prepare': [instruction] }))
  })
})

it('the plans of these tests are sound', () => {
  expect(() => assemble(shell('exit 0'))).not.toThrow()
})
