// requires root: vm.memfd_noexec is set in a PID namespace of its own
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))

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
