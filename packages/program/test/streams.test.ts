// requires root: containers are made
import { existsSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type Container, type RunOptions, run, type Stdio } from '../src/index.js'
import { shell } from './plans.js'

const isRoot = process.getuid?.() === 0

describe.skipIf(!isRoot)('a container (skipped without root: new namespaces)', () => {
  it('has streams where `stdio` says "pipe", and their types say so', async () => {
    const piped = await run(shell('exit 0'), { stdio: 'pipe' })
    expectTypeOf(piped.stdin).toEqualTypeOf<Writable>()
    expectTypeOf(piped.stdout).toEqualTypeOf<Readable>()
    expectTypeOf(piped.stderr).toEqualTypeOf<Readable>()
    piped.stdin.end()
    const mixed = await run(shell('exit 0'), { stdio: ['null', 'pipe', 2] })
    expectTypeOf(mixed.stdin).toEqualTypeOf<null>()
    expectTypeOf(mixed.stdout).toEqualTypeOf<Readable>()
    expectTypeOf(mixed.stderr).toEqualTypeOf<null>()
    mixed.stdout.resume()
    const inherited = await run(shell('exit 0'))
    expectTypeOf(inherited.stdout).toEqualTypeOf<null>()
    const options: RunOptions = { stdio: 'null' }
    const unknown = await run(shell('exit 0'), options)
    expectTypeOf(unknown.stdout).toEqualTypeOf<Readable | null>()
    expectTypeOf(unknown).toEqualTypeOf<Container<Stdio>>()
    expect([mixed.stdin, mixed.stderr, inherited.stdout, unknown.stdout]).toEqual([null, null, null, null])
    for (const each of [piped, mixed, inherited, unknown]) expect(await each.exited).toEqual({ code: 0 })
  })

  it('is killed, and gone, where its scope ends', async () => {
    let pid = 0
    {
      await using container = await run(shell('exec sleep 60'), { stdio: 'null' })
      pid = container.pid
      expect(existsSync(`/proc/${pid}`)).toBe(true)
    }
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    // One that is over already is no error.
    await using over = await run(shell('exit 3'), { stdio: 'null' })
    expect(await over.exited).toEqual({ code: 3 })
  })
})
