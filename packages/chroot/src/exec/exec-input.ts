import { type Complaint, MAX_ARG_STRLEN } from '@rt/sys'
import { bytesOf, type Text } from './candidates.js'
import type { ExecOptions } from './exec-options.js'

/** stderr: the numbers above are not the caller's but the set-up's own. */
const LAST_STANDARD_FD = 2

/** Bytes of a string for the kernel: with its NUL and a pointer to it. */
const size = (texts: readonly Text[]): number => texts.reduce((sum, text) => sum + bytesOf(text).length + 1 + 8, 0)

/** What E2BIG means here. */
export const tooBig = (argv: readonly Text[], env: readonly Text[]): string =>
  `arguments (${size(argv)} bytes) and environment (${size(env)} bytes) may take a quarter of the stack limit: 2 MiB at the ` +
  'usual 8 MiB; raise it (--ulimit stack=…, 6 MiB at most can be used so), or pass the data in a file'

/** What of a command the kernel would not take, or would cut. */
export function execComplaints(argv: readonly Text[], options: ExecOptions): Complaint[] {
  const found: Complaint[] = []
  const check = (path: string, text: Text): void => {
    const bytes = bytesOf(text)
    if (bytes.includes(0)) found.push({ path, message: 'has a NUL byte in it, at which the kernel ends text' })
    else if (bytes.length >= MAX_ARG_STRLEN) {
      found.push({ path, message: `is ${bytes.length} bytes long; the kernel takes at most ${MAX_ARG_STRLEN - 1}` })
    }
  }
  if (argv.length === 0) found.push({ path: 'argv', message: 'is empty: expected a command' })
  argv.forEach((text, i) => {
    check(`argv[${i}]`, text)
  })
  options.env.forEach((entry, i) => {
    check(`env[${i}]`, entry)
    if (bytesOf(entry).indexOf('=') < 1) found.push({ path: `env[${i}]`, message: 'is not NAME=value' })
  })
  if (options.argv0 !== undefined) check('argv0', options.argv0)
  if (options.descriptorsClosed) {
    for (const path of ['fds', 'parentDeathSignal'] as const) {
      if (options[path] !== undefined) found.push({ path, message: 'belongs to the step `closeDescriptors`' })
    }
  }
  return [...found, ...fdComplaints(options.fds)]
}

/** What of the fds to keep can't be one. */
export const fdComplaints = (fds: ExecOptions['fds'] = []): Complaint[] =>
  fds.flatMap((fd, i) =>
    typeof fd === 'object' || (Number.isInteger(fd) && fd >= 0 && fd <= LAST_STANDARD_FD)
      ? []
      : [
          {
            path: `fds[${i}]`,
            message: `expected 0, 1, 2 or a word that a step saved, got ${fd}: above 2 are fds of the set-up`,
          },
        ],
  )
