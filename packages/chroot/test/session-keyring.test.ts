// requires nothing: the kernel's answers are made
import { assemble, run, sequence } from '@rt/program'
import { describe, expect, it } from 'vitest'
import { exec, sessionKeyring } from '../src/index.js'

describe('sessionKeyring, where the kernel says no', () => {
  const plan = sequence(sessionKeyring('default'), exec(['/bin/true'], { env: [] }))
  const { sites } = assemble(plan)
  const op = sites.findIndex(({ instruction }) => instruction.kind === 'call' && instruction.call === 'keyctl')
  const refused = (errno: `E${string}`) => run(plan, { stdio: 'null', fault: { op, errno } })

  it.each(['ENOSYS', 'EPERM'] as const)('%s: there is no way to any key, so the start goes on', async (errno) => {
    expect(await (await refused(errno)).exited).toEqual({ code: 0 })
  })

  it('EDQUOT: nothing starts with the keys of the caller, and the limit is named', async () => {
    await expect(refused('EDQUOT')).rejects.toMatchObject({
      step: 'session keyring',
      code: 'EDQUOT',
      hint: expect.stringContaining('kernel.keys.maxkeys'),
    })
  })
})
