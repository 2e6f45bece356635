import {
  branch,
  buffer,
  call,
  fail,
  type Instruction,
  label,
  MASTER,
  ROOT,
  ref,
  type Step,
  struct,
  type TerminalSize,
} from '@rt/program'
import {
  AT_EMPTY_PATH,
  DEVPTS_SUPER_MAGIC,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOCTTY,
  O_PATH,
  O_RDWR,
  OPEN_HOW_SIZE_VER0,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  type OptionKeys,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  refuseUnknownOptions,
  S_IFREG,
  TIOCGPTPEER,
  TIOCSCTTY,
  TIOCSPTLCK,
  TIOCSWINSZ,
} from '@rt/sys'
import { asked } from '../../complaints.js'

export interface TerminalOptions {
  readonly origin?: string
  /** Who owns the terminal: the user of the container's program; default 0. */
  readonly uid?: number
  /** The program finds it from its start. `run`'s `terminalSize` comes a moment later, as a SIGWINCH. */
  readonly size?: TerminalSize
  /** Bind it on /dev/console, for programs that write there; default true. Not for a second program of a container. */
  readonly console?: boolean
}

const OPTIONS: OptionKeys<TerminalOptions> = { origin: true, uid: true, size: true, console: true }

/**
 * A terminal of the container's own as stdin, stdout and stderr; the master goes to the supervisor, and from there to
 * Node, which finds it as `container.terminal`, unless `run` is told otherwise. Comes after a devpts was mounted on /dev/pts and before `user`.
 *
 * Nothing is opened by a name that the container could have planted (CVE-2025-52565): /dev/pts must be a devpts with no
 * symlink on the way, the slave comes from the master (TIOCGPTPEER, Linux 4.13) and is bound by its fd.
 */
export function terminal(options: TerminalOptions = {}): Step {
  refuseUnknownOptions('terminal', options, OPTIONS)
  const { uid = 0, size, console = true } = options
  return {
    name: 'terminal',
    why: 'a terminal that isn’t the host’s',
    ...asked(options.origin),
    terminal: true,
    'init.pivot': [
      ...openPair,
      ...(size
        ? [call('ioctl', [ref(MASTER), TIOCSWINSZ, struct('winsize', { ws_row: size.rows, ws_col: size.columns })])]
        : []),
      ...(uid === 0
        ? []
        : [call('fchown', [ref('slave'), uid, KEEP_ID], { why: 'the program may open its terminal again by name' })]),
      ...(console ? bindConsole : []),
    ],
    meets: [{ at: 'init.confine', hands: MASTER }],
    'init.confine': [call('close', [ref(MASTER)], { why: 'the supervisor has it, or Node by it' }), ...takeSlave],
  }
}

/** -1: leave the group as it is. */
const KEEP_ID = 0xffffffff
const UNLOCK = new Uint8Array(4)

const openHow = (flags: number, resolve: number) => struct('open_how', { flags: flags | O_CLOEXEC, resolve })

const openPair: readonly Instruction[] = [
  call(
    'openat2',
    [ref(ROOT), 'dev/pts', openHow(O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS), OPEN_HOW_SIZE_VER0],
    {
      save: 'pts',
      of: '/dev/pts',
      beneathMount: true,
      hints: { ENOENT: 'a terminal needs a devpts at /dev/pts: mount one before' },
    },
  ),
  call('fstatfs', [ref('pts'), buffer('statfs', 120)]),
  branch(ref('statfs'), DEVPTS_SUPER_MAGIC, { then: 'devpts' }),
  fail('"/dev/pts" is not a devpts', 'a terminal needs a devpts there: mount one before'),
  label('devpts'),
  call(
    'openat2',
    [
      ref('pts'),
      'ptmx',
      openHow(O_RDWR | O_NOCTTY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV),
      OPEN_HOW_SIZE_VER0,
    ],
    { save: MASTER, of: '/dev/pts/ptmx' },
  ),
  call('ioctl', [ref(MASTER), TIOCSPTLCK, UNLOCK]),
  call('ioctl', [ref(MASTER), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC], { save: 'slave', of: 'terminal' }),
]

const bindConsole: readonly Instruction[] = [
  call(
    'openat2',
    [ref(ROOT), 'dev', openHow(O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS), OPEN_HOW_SIZE_VER0],
    { save: 'dev', of: '/dev', beneathMount: true },
  ),
  call('mknodat', [ref('dev'), 'console', S_IFREG | 0o600, 0], {
    tolerate: ['EEXIST'],
    why: 'a file to be mounted upon; whatever is there already serves as well, but for a symlink',
  }),
  call('openat2', [ref('dev'), 'console', openHow(O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), OPEN_HOW_SIZE_VER0], {
    save: 'console',
    of: '/dev/console',
  }),
  call('open_tree', [ref('slave'), '', OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH], { save: 'bind' }),
  call('move_mount', [ref('bind'), '', ref('console'), '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH]),
]

const takeSlave: readonly Instruction[] = [
  call('setsid', []),
  call('ioctl', [ref('slave'), TIOCSCTTY, 0], { why: 'the terminal’s signals come here' }),
  ...[0, 1, 2].map((fd) => call('dup3', [ref('slave'), fd, 0])),
]
