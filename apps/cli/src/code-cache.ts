import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Script } from 'node:vm'

/** Bytes of the header: what the code was compiled from and by, and for which commands. */
const HEADER = 512

/** What is compiled and kept. */
interface Cached {
  /** What `code` belongs to: V8 itself compares only its own version, its flags, and the length of the source. */
  readonly stamp: string
  /** Commands that have been run once: their functions are in it, too. */
  readonly commands: readonly string[]
  readonly code: Buffer
}

/**
 * Run a CommonJS file. V8 takes a third of `rt run`'s time to compile it; so what it has compiled is kept in a file
 * beside it and used again. (Node's own module.enableCompileCache does that since 22.1, in a folder that must be chosen
 * and trusted; what lies beside the program is as trustworthy as the program.)
 *
 * @param require for the file; of a file in the same folder
 * @param command a word; the first time that it is given, what it needed is kept as well
 */
export function runCached(file: string, require: NodeJS.Require, command: string): void {
  const cacheFile = `${file}.${process.version}-${process.arch}.cache`
  const { ino, size, mtimeMs, ctimeMs } = statSync(file)
  const stamp = [process.version, ino, size, mtimeMs, ctimeMs].join(' ')
  const cached = read(cacheFile, stamp)
  // esbuild writes ASCII: read as such, the text keeps one byte a character, for V8 too.
  const source = `(function (require, module, exports, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`
  const script = new Script(source, { filename: file, ...(cached ? { cachedData: cached.code } : {}) })
  const isKnown = cached !== undefined && !script.cachedDataRejected && cached.commands.includes(command)
  if (!isKnown) {
    const commands = [...(script.cachedDataRejected ? [] : (cached?.commands ?? [])), command]
    process.once('exit', () => write(cacheFile, { stamp, commands, code: script.createCachedData() }))
  }
  const module = { exports: {} }
  script.runInThisContext()(require, module, module.exports, file, dirname(file))
}

function read(file: string, stamp: string): Cached | undefined {
  try {
    const bytes = readFileSync(file)
    const [found, commands = ''] = bytes.toString('latin1', 0, HEADER).trimEnd().split('\n')
    return found === stamp ? { stamp, commands: commands.split(' '), code: bytes.subarray(HEADER) } : undefined
  } catch {
    return undefined // There is none yet, or it is not for us to read: it only costs time.
  }
}

/** Whole or not at all; and only by the owner of the folder, whose program it is. */
function write(file: string, { stamp, commands, code }: Cached): void {
  const header = Buffer.alloc(HEADER, ' ')
  const text = `${stamp}\n${commands.join(' ')}`
  if (header.write(text) === HEADER) return
  const fresh = `${file}.${process.pid}`
  try {
    if (statSync(dirname(file)).uid !== process.getuid?.()) return
    const fd = openSync(fresh, 'wx', 0o644)
    try {
      writeFileSync(fd, Buffer.concat([header, code]))
      // V8 does not check what it is given: after a power cut the file must not be there in part.
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(fresh, file)
  } catch {
    // A read-only file system, a full disk: the next start takes as long as this one.
  }
}
