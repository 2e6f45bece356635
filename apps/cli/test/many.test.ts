// requires root, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { beforeEach, describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { start, traces } from './rt.js'

describe('many at once', () => {
  beforeEach((context) => needs(context, 'root'))

  it('64 containers, each with its own name and code, leave nothing', async () => {
    const before = traces('rt-cli-many')
    const containers = Array.from({ length: 64 }, (_, index) =>
      start([
        'run',
        '--cgroup-parent',
        '/rt-cli-many',
        '--pids-limit',
        '9',
        '--hostname',
        `c${index}`,
        '--',
        'sh',
        '-c',
        `hostname; exit ${index}`,
      ]),
    )
    const ends = await Promise.all(containers.map(({ exited }) => exited))
    expect(ends.map(({ status }) => status)).toEqual(containers.map((_, index) => index))
    expect(containers.map(({ output }) => output())).toEqual(
      containers.map((_, index) => ({ stdout: `c${index}\n`, stderr: '' })),
    )
    expect(traces('rt-cli-many')).toEqual(before)
  })
})
