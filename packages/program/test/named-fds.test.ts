// requires root for new namespaces: descriptors for steps, and from them
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SEEK_SET, tryFlock } from '@rt/sys'
import { afterAll, describe, expect, it } from 'vitest'
import { call, compile, givenFd, ref, run } from '../src/index.js'
import { shell, step } from './plans.js'

const folder = mkdtempSync(join(tmpdir(), 'rt-named-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(process.getuid?.() !== 0)('named descriptors (skipped without root: new namespaces)', () => {
  it('are words for steps, in the supervisor and in init, and the program has none of them', async () => {
    const file = join(folder, 'written')
    const fd = openSync(file, 'w')
    const other = openSync('/dev/null', 'r')
    const write = (text: string) => call('write', [ref(givenFd('file')), text, text.length])
    const plan = shell(
      `ls /proc/self/fd >${folder}/seen`,
      step('writes', {
        'host.prepare': [write('host\n')],
        'init.mount': [write('init\n'), call('lseek', [ref(givenFd('other')), 0, SEEK_SET])],
        'host.gone': [write('gone\n')],
      }),
    )
    const container = await run(plan, { stdio: 'null', fds: { file: fd, other } })
    expect(await container.exited).toEqual({ code: 0 })
    closeSync(fd)
    closeSync(other)
    expect(readFileSync(file, 'utf8')).toBe('host\ninit\ngone\n')
    // 3 is the directory that ls reads.
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe('0\n1\n2\n3\n')
  })

  it('are held until the container is gone, with the locks that they carry', async () => {
    const file = join(folder, 'lock')
    const fd = openSync(file, 'w')
    expect(tryFlock(fd)).toBe(true)
    const container = await run(shell('sleep 600'), { stdio: 'null', fds: { lease: fd } })
    closeSync(fd)
    const mine = openSync(file, 'w')
    expect(tryFlock(mine)).toBe(false)
    container.kill()
    await container.exited
    expect(tryFlock(mine)).toBe(true)
    closeSync(mine)
  })

  const memfd = (name: string, text: string) =>
    step(name, {
      'init.enter': [
        call('memfd_create', [name, 0], { save: `$${name}` }),
        call('write', [ref(`$${name}`), text, text.length]),
      ],
      meets: [{ at: 'init.mount', hands: `$${name}`, toNode: name }],
    })

  it('init hands over as many as there are, and Node has each by its name', async () => {
    const before = readdirSync('/proc/self/fd').length
    const plan = shell('exit 0', memfd('one', 'first'), memfd('two', 'second'))
    const container = await run(plan, { stdio: 'null' })
    const texts = Object.entries(container.fds).map(([name, fd]) => {
      const text = readFileSync(`/proc/self/fd/${fd}`, 'utf8')
      closeSync(fd)
      return [name, text]
    })
    expect(texts).toEqual([
      ['one', 'first'],
      ['two', 'second'],
    ])
    expect(await container.exited).toEqual({ code: 0 })
    expect(readdirSync('/proc/self/fd').length).toBe(before)
    expect(() => compile(plan)).toThrow('one: it hands "one" to Node')
  })

  it('those that came are closed where the set-up fails afterwards', async () => {
    const before = readdirSync('/proc/self/fd').length
    const failing = step('fails', { 'init.confine': [call('chdir', ['/nowhere'])] })
    await expect(run(shell('exit 0', memfd('one', 'x'), failing), { stdio: 'null' })).rejects.toMatchObject({
      code: 'ENOENT',
    })
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })

  it.each([{ a: -1 }, { a: 1.5 }, { a: 'x' }, { a: 999_999 }])('%j is refused', async (fds) => {
    await expect(run(shell('exit 0'), { stdio: 'null', fds: fds as never })).rejects.toThrow(/fds|EBADF/)
  })
})
