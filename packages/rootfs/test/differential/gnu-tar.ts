import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TarEntryType } from '@rt/rootfs'
import { LineProcess } from './line-process.js'
import type { PeerEntry, PeerListing } from './peer-listing.js'

/**
 * Content to one file, the list to another, for each archive named: one start of tar, and no start of a shell. Content
 * goes through a pipe: in a file, tar would seek over holes to where they were in their own. The limit is for a sparse
 * file without end (512-byte blocks).
 */
const LOOP = `
ulimit -f 65536
list() {
  tar --extract --to-stdout --absolute-names --verbose --verbose --numeric-owner --full-time --quoting-style=c \\
    --warning=no-timestamp --file="$1" 2>"$1.list"
  echo $? >"$1.status"
}
while read -r path; do
  list "$path" | cat >"$path.content"
  read -r status <"$path.status"
  echo "$status"
done
`

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '-': 'file',
  C: 'file',
  d: 'directory',
  l: 'symlink',
  h: 'hardlink',
  c: 'character',
  b: 'block',
  p: 'fifo',
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' }

const unquote = (text: string): string =>
  text.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code),
  )

/** `rwsr-xr-t` → 0o5755. */
function parseMode(text: string): number {
  let mode = 0
  for (const [index, letter] of [...text].entries()) {
    if (/[rwxst]/.test(letter)) mode |= 0o400 >> index
    if (/[sStT]/.test(letter)) mode |= 0o4000 >> ((index - 2) / 3)
  }
  return mode
}

const LINE =
  /^(.)([-rwxsStT]{9}) (-?\d+)\/(-?\d+) +(?:(-?\d+)|(-?\d+),(-?\d+)) +(-?\d+-\d\d-\d\d \d\d:\d\d:\d\d)?(?:\.(\d+))?(?:-?\d+)? *"((?:[^"\\]|\\.)*)"(?: (?:->|link to) "((?:[^"\\]|\\.)*)")?$/

/** What other readers refuse, and GNU tar too since it can't mean it: it would be a file. */
const UNKNOWN = /" ?(?:unknown file type|--Continued at byte|--Mangled file names--)/

/** A line of `tar -vv`, with the options above; undefined if it is none. */
function parseGnuLine(line: string): PeerEntry | undefined {
  const match = LINE.exec(line)
  const type = TYPES[line[0]!]
  if (!match || !type) return undefined
  const [, , mode, uid, gid, size, major, minor, date, fraction, path, link] = match
  const seconds = date === undefined ? Number.NaN : Date.parse(`${date.replace(' ', 'T')}Z`) / 1000
  return {
    type,
    path: unquote(path!),
    link: unquote(link ?? ''),
    mode: parseMode(mode!),
    uid: Number(uid),
    gid: Number(gid),
    size: type === 'file' ? Number(size) : 0,
    mtime: Number.isNaN(seconds) ? undefined : [seconds, Number((fraction ?? '').padEnd(9, '0'))],
    major: Number(major ?? 0),
    minor: Number(minor ?? 0),
  }
}

/** GNU tar's list. It goes on after what it can't read: what it shows then is of no reader's. */
export class GnuTar {
  readonly #shell = new LineProcess('sh', ['-c', LOOP], { TZ: 'UTC', LC_ALL: 'C' })

  async list(path: string): Promise<PeerListing> {
    const status = await this.#shell.ask(path)
    const entries: PeerEntry[] = []
    let error = status === '0' ? '' : `exit status ${status}`
    for (const line of readFileSync(`${path}.list`, 'latin1').split('\n')) {
      if (line === '' || line.startsWith('V')) continue
      if (line.startsWith('tar: ') && status === '0') continue // a warning
      const entry = UNKNOWN.test(line) ? undefined : parseGnuLine(line)
      if (!entry && status === '0' && !UNKNOWN.test(line)) throw new Error(`no line of tar’s list: ${line}`)
      if (!entry) {
        error = line // its own complaint, a line of its own or in the middle of one
        break
      }
      entries.push(entry)
    }
    if (error !== '') return { entries, error }
    return {
      entries,
      error,
      allContent: createHash('sha256')
        .update(readFileSync(`${path}.content`))
        .digest('hex'),
    }
  }

  close(): Promise<void> {
    return this.#shell.close()
  }
}
