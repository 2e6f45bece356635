import {
  branch,
  call,
  fail,
  type Instruction,
  label,
  ref,
  type Step,
  type Text as TextValue,
  vector,
} from '@rt/program'
import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { asked, refuse } from '../complaints.js'
import { candidates, type Text } from './candidates.js'
import { CLOSED, lastThings } from './close-descriptors.js'
import { execComplaints, tooBig } from './exec-input.js'
import type { ExecOptions } from './exec-options.js'

/** What tells a command that isn't there from one that can't be run; as execvp(3) the search goes on after them. */
const NOT_HERE = ['ENOENT', 'ENOTDIR', 'ESTALE', 'ENODEV', 'ETIMEDOUT'] as const

const OPTIONS: OptionKeys<ExecOptions> = {
  env: true,
  origin: true,
  argv0: true,
  fds: true,
  parentDeathSignal: true,
  descriptorsClosed: true,
  waitFor: true,
}

/**
 * Replace init by the container's program; the last step. A name without a slash is looked for in $PATH of `env` by
 * execve itself, inside the root. If nothing could be executed, the error is EACCES where one candidate was there and
 * could not be run, else ENOENT: a shell's 126 and 127. {@link diagnoseExec} finds out more.
 *
 * Other fds are closed before, as `closeDescriptors` does it.
 *
 * @param argv the command and its arguments; text, or bytes where a name is not UTF-8
 * @throws RtError RT_INVALID_OPTION for an empty argv, a string with a NUL or longer than the kernel takes (128 KiB), an
 *   fd above 2, or fds and signal where `closeDescriptors` has them
 */
export function exec(argv: readonly Text[], options: ExecOptions): Step {
  refuseUnknownOptions('exec', options, OPTIONS)
  const { env } = options
  refuse('cannot run this command', execComplaints(argv, options))
  const files = candidates(argv[0] as Text, env)
  const seen = vector([options.argv0 ?? (argv[0] as Text), ...argv.slice(1)])
  const environment = vector(env)
  const attempt = (file: Text, more: Parameters<typeof call>[2] = {}) =>
    call('execve', [value(file), seen, environment], {
      of: Buffer.from(file).toString(),
      ...more,
      hints: { E2BIG: tooBig(argv, env) },
    })
  const last = files.length - 1
  return {
    name: 'exec',
    why: 'become the container’s program',
    ...asked(options.origin),
    'init.execute': [
      ...(options.descriptorsClosed ? areClosed : lastThings(options)),
      ...(last === 0 ? [] : files.map((file) => attempt(file, { tolerate: [...NOT_HERE, 'EACCES'] }))),
      ...files.map((file, i) =>
        attempt(file, {
          ...(i === last ? {} : { tolerate: NOT_HERE }),
          ...(i === 0 && last > 0 ? { why: 'none was executed: once more, for the error of one that was denied' } : {}),
        }),
      ),
    ],
  }
}

const value = (text: Text): string | TextValue => (typeof text === 'string' ? text : { text })

/** No system call: a filter may be loaded already. */
const areClosed: readonly Instruction[] = [
  branch(ref(CLOSED), 1, { then: 'closed' }),
  fail(
    'the fds of the set-up are still open',
    'the step `closeDescriptors` comes before an exec with `descriptorsClosed`',
  ),
  label('closed'),
]
