// requires root where vm.memfd_noexec is set, in a PID namespace of its own
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { F_GETFD, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE, FD_CLOEXEC, getSeals, syscall } from '@rt/sys'
import { describe, expect, it } from 'vitest'
import { run, sequence } from '../src/index.js'
import { executableImage } from '../src/run/image.js'
import { execute, step } from './plans.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))

const SEALED = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE

describe('a program’s image (CVE-2019-5736)', () => {
  it('can’t be changed by anybody any more, and no program inherits it', () => {
    const elf = Buffer.from('content')
    const fd = executableImage(elf)
    try {
      expect(getSeals(fd) & SEALED).toBe(SEALED)
      expect(syscall('fcntl', fd, F_GETFD, 0) & FD_CLOEXEC).toBe(FD_CLOEXEC)
      expect(() => writeSync(fd, 'x', 0)).toThrow('EPERM')
      expect(() => syscall('ftruncate', fd, 0)).toThrow('EPERM')
      expect(readFileSync(`/proc/self/fd/${fd}`)).toEqual(elf)
    } finally {
      closeSync(fd)
    }
  })

  it('is what the set-up runs from', async (context) => {
    if (process.getuid?.() !== 0) context.skip('needs root: the set-up is not dumpable')
    const container = await run(sequence(step('exec', { 'init.execute': execute(['/bin/cat']) })), {
      stdio: ['pipe', 'null', 'null'],
    })
    const fd = openSync(`/proc/${container.supervisor}/exe`, 'r')
    expect(getSeals(fd) & SEALED).toBe(SEALED)
    closeSync(fd)
    container.stdin?.end()
    await container.exited
  })
})

describe('where memfds may not be executed (vm.memfd_noexec=2)', () => {
  it('an unlinked file serves', (context) => {
    if (process.getuid?.() !== 0) context.skip('needs root: a new PID namespace')
    if (!existsSync('/proc/sys/vm/memfd_noexec')) context.skip('this kernel has no vm.memfd_noexec (Linux 6.3)')
    const script = `
      import { readlinkSync } from 'node:fs'
      import { run } from '@rt/program'
      import { shell } from '${root}/packages/program/test/plans.ts'
      const container = await run(shell('sleep 0.3; exit 6'), { stdio: 'null' })
      console.log(readlinkSync('/proc/' + container.supervisor + '/exe'), JSON.stringify(await container.exited))
    `
    const command = 'echo 2 >/proc/sys/vm/memfd_noexec && exec "$0" --import tsx --input-type=module -e "$1"'
    const result = spawnSync(
      'unshare',
      ['--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', command, process.execPath, script],
      {
        encoding: 'utf8',
        cwd: root,
        env: { ...process.env, TSX_TSCONFIG_PATH: `${root}/tsconfig.json` },
        timeout: 25_000,
      },
    )
    expect(result.stderr).toBe('')
    expect(result.stdout).toMatch(/^\/run\/rt-\d+-\d+ \(deleted\) \{"code":6\}\n$/)
  })
})
