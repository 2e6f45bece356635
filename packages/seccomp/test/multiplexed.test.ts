// requires gcc and libseccomp-dev
import { AUDIT_ARCH_I386 } from '@rt/sys'
import { beforeEach, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { filter } from '../src/filter.js'
import { numberOf } from '../src/numbers/syscall-numbers.js'
import type { SeccompProfile, SyscallRule } from '../src/profile/profile.js'
import { selectRules } from '../src/profile/select-rules.js'
import { interpret } from './interpret.js'
import { libseccompFilter } from './libseccomp.js'

beforeEach((context) => {
  needs(context, 'gcc', 'seccomp.h')
})

const equals = (index: number, value: number): Pick<SyscallRule, 'args'> => ({
  args: [{ index, op: 'SCMP_CMP_EQ', value }],
})

it.each<[string, string, Pick<SyscallRule, 'args'>]>([
  ['a socket call', 'socket', {}],
  ['its first argument, which the multiplexer takes for its own', 'socket', equals(0, 1)],
  ['another argument', 'sendto', equals(3, 7)],
  ['a System V IPC call', 'shmget', {}],
])('on i386 a rule about %s is about socketcall and ipc too, as in libseccomp', (_, name, more) => {
  const profile: SeccompProfile = {
    defaultAction: 'SCMP_ACT_LOG',
    architectures: ['SCMP_ARCH_X86'],
    syscalls: [{ names: [name], action: 'SCMP_ACT_ERRNO', errnoRet: 5, ...more }],
  }
  const selected = selectRules(profile, { arch: 'x64', capabilities: [], kernel: { version: 6, revision: 1 } })
  const own = filter(profile, { arch: 'x64', kernel: '6.1' }).bytes
  const other = libseccompFilter(profile, selected, { arch: 'x64', knows: () => true })
  for (const call of ['socketcall', 'ipc', name]) {
    for (let selector = 0n; selector < 26n; selector++) {
      for (const third of [0n, 7n]) {
        const args = [selector, 0n, 0n, third, 0n, 0n]
        const data = { arch: AUDIT_ARCH_I386, number: numberOf(call, 'x86') as number, args }
        expect({ call, args, value: interpret(own, data).value }).toEqual({
          call,
          args,
          value: interpret(other, data).value,
        })
      }
    }
  }
})
