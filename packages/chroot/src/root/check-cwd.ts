import { branch, buffer, type Call, call, fail, type Instruction, label, ref } from '@rt/program'
import { PATH_MAX } from '@rt/sys'

const SLASH = 0x2f
/** "/" and its NUL, as a little-endian word of 16 bits. */
const SLASH_NUL = 0x002f

/**
 * Ask the kernel where we are. getcwd(2) writes "(unreachable)/…" for a directory that is not beneath the root: a
 * working directory kept through a leaked fd (CVE-2024-21626).
 *
 * @param where `root`: exactly "/"; `beneath`: anywhere that the root reaches
 */
export const checkWorkingDirectory = (where: 'root' | 'beneath', hints: Call['hints'] = {}): Instruction[] => [
  call('getcwd', [buffer('cwd', PATH_MAX), PATH_MAX], { why: 'the kernel says where we really are', hints }),
  branch(ref('cwd'), where === 'root' ? SLASH_NUL : SLASH, {
    mask: where === 'root' ? 0xffff : 0xff,
    then: 'cwd is inside',
  }),
  fail(
    'the working directory is not beneath the new root',
    'something outside the container’s root was entered, for instance through /proc/self/fd: look at the working directory asked for',
  ),
  label('cwd is inside'),
]
