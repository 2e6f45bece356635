import { closeSync, fstatSync } from 'node:fs'
import { posix } from 'node:path'
import { escaped, type OptionKeys, quote, RtError, refuseUnknownOptions, SyscallError, textFromBytes } from '@rt/sys'
import { isCovered } from '../root/covered-path.js'
import { openPathInRoot } from '../root/path-in-root.js'
import { kindOf, readStart } from '../root/read-in-root.js'
import { bytesOf, candidates, pathOf, type Text } from './candidates.js'
import { isElf, readElf } from './elf-interpreter.js'

export interface DiagnoseOptions {
  /** The program's environment, for its $PATH. */
  readonly env: readonly Text[]
  /** Where a relative command is looked for; default "/". */
  readonly cwd?: string
  /**
   * Given before execve is tried: absolute paths in the root where something will be mounted. Of what lies there nothing
   * is known, so it looks right; so does a format of another processor's, which binfmt_misc may know.
   */
  readonly mounted?: readonly string[]
  readonly origin?: string
}

/** What is looked at, and what can't be. */
interface View {
  readonly root: number
  readonly mounted: readonly string[] | undefined
}

/** BINPRM_BUF_SIZE: where the kernel cuts a #! line. */
const LONGEST_SHEBANG = 256
/** Enough for the program headers and the interpreter's name of any real program. */
const HEAD = 0x10000
/** How many scripts may interpret each other: exec_binprm() of fs/exec.c. */
const DEEPEST = 5

/** What is wrong with a file, or nothing. */
type Finding = { readonly missing: boolean; readonly sentence: string; readonly hint?: string } | undefined

const OPTIONS: OptionKeys<DiagnoseOptions> = { env: true, cwd: true, mounted: true, origin: true }

/**
 * Why execve would not run a command: an error that names the file or the interpreter at fault. After it has failed, or
 * before it is tried. A look at the host: files are read beneath the root, none is executed.
 *
 * @param rootFd fd of the root directory
 * @param command as given to `exec`
 * @returns an error RT_COMMAND_NOT_FOUND (a shell's 127) or RT_COMMAND_NOT_EXECUTABLE (126); undefined if the files look
 *   right, so that the reason is another one (a mount with noexec, the user's permissions)
 */
export function diagnoseExec(rootFd: number, command: Text, options: DiagnoseOptions): RtError | undefined {
  refuseUnknownOptions('diagnoseExec', options, OPTIONS)
  const { env, cwd = '/', mounted, origin } = options
  const view = { root: rootFd, mounted }
  const files = candidates(command, env)
  const findings = files.map((file) => inspect(view, inDirectory(cwd, file), 0))
  const present = findings.filter((finding) => finding !== NOT_THERE)
  const fail = (missing: boolean, sentence: string, hint?: string) =>
    new RtError(missing ? 'RT_COMMAND_NOT_FOUND' : 'RT_COMMAND_NOT_EXECUTABLE', sentence, { origin, hint })
  if (present.length === 0) {
    const byPath = !bytesOf(command).includes('/')
    return fail(
      true,
      `cannot run ${quote(command)}: ${byPath ? 'not found in $PATH' : 'no such file'}`,
      byPath ? `looked in the root’s ${escaped(pathOf(env))}` : 'the path is looked up inside the root',
    )
  }
  // The search of execve goes past a file that can't be executed, and ends at one that can.
  if (present.includes(undefined)) return undefined
  const [worst] = present as [NonNullable<Finding>]
  return fail(worst.missing, `cannot run ${quote(command)}: ${worst.sentence}`, worst.hint)
}

const NOT_THERE: Finding = { missing: true, sentence: 'no such file' }

const inDirectory = (cwd: string, file: Text): Text =>
  typeof file !== 'string'
    ? file[0] === 0x2f
      ? file
      : Buffer.concat([bytesOf(`${cwd}/`), file])
    : posix.resolve('/', cwd, file)

function inspect(view: View, file: Text, depth: number): Finding {
  if (view.mounted && isCovered(view.root, textFromBytes(bytesOf(file)), view.mounted)) return undefined
  let place: number | undefined
  try {
    place = openPathInRoot(view.root, file)
  } catch (error) {
    // A part of the path is a file, or a circle of symlinks: to execve, and here, the command is not there.
    if (SyscallError.isInstance(error) && (error.code === 'ENOTDIR' || error.code === 'ELOOP')) return NOT_THERE
    throw error
  }
  if (place === undefined) return NOT_THERE
  try {
    const stats = fstatSync(place)
    if (!stats.isFile()) {
      return { missing: false, sentence: `${quote(file)} is a ${kindOf(stats)}, expected an executable file` }
    }
    if ((stats.mode & 0o111) === 0) {
      return {
        missing: false,
        sentence: `${quote(file)} is not executable`,
        hint: `chmod +x, or run it as: sh ${shown(file)}`,
      }
    }
    return inspectContent(view, file, readStart(place, HEAD), depth)
  } finally {
    closeSync(place)
  }
}

const shown = (file: Text): string => escaped(file)

function inspectContent(view: View, file: Text, head: Buffer, depth: number): Finding {
  if (isElf(head)) {
    const elf = readElf(head)
    if (!elf.runs) return view.mounted ? undefined : { missing: false, sentence: `${quote(file)} ${elf.reason}` }
    return elf.interpreter && interpreted(view, file, 'ELF interpreter', elf.interpreter, depth)
  }
  const line = head.subarray(0, LONGEST_SHEBANG).toString('latin1')
  const [, name] = /^#![ \t]*([^ \t\n\0]*)/.exec(line) ?? []
  if (name === undefined && view.mounted) return undefined
  if (name === undefined) {
    const sentence = `${quote(file)} is neither an ELF program nor a script with #!`
    return { missing: false, sentence, hint: `if it is a shell script: sh ${shown(file)}` }
  }
  if (name === '') return { missing: false, sentence: `${quote(file)} names no interpreter after #!` }
  if (depth === DEEPEST) return { missing: false, sentence: `${quote(file)} is a script of too many scripts` }
  return interpreted(view, file, '#! interpreter', Buffer.from(name, 'latin1'), depth)
}

/** Look at the interpreter; what is wrong with it is said of the file that names it. */
function interpreted(view: View, file: Text, kind: string, interpreter: Buffer, depth: number): Finding {
  const finding = inspect(view, inDirectory('/', interpreter), depth + 1)
  if (finding === undefined) return undefined
  const named = `the ${kind} of ${quote(file)}`
  if (finding !== NOT_THERE) return { ...finding, sentence: `${named}: ${finding.sentence}` }
  const carriageReturn = interpreter.at(-1) === 0x0d
  return {
    missing: true,
    sentence: `${named}, ${quote(interpreter)}, does not exist`,
    hint: carriageReturn
      ? 'the script has the line ends of DOS: remove the carriage returns'
      : kind === 'ELF interpreter'
        ? 'the program is linked against another C library (musl or glibc) than the root has, or for another processor'
        : 'the interpreter is looked up inside the root',
  }
}
