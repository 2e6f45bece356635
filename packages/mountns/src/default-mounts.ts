import type { Step, StepList } from '@rt/program'
import { type OptionKeys, refuseUnknownOptions } from '@rt/sys'
import { dev } from './dev/dev.js'
import { devpts } from './dev/devpts.js'
import { nullStreams } from './dev/null-streams.js'
import { maskedPaths } from './hardening/masked-paths.js'
import { DEFAULT_READONLY_PATHS, HOST_MODE_PATHS, readonlyPaths } from './hardening/readonly-paths.js'
import { bind } from './mounts/bind.js'
import type { CgroupLayout } from './mounts/cgroup-layout.js'
import { cgroupMount } from './mounts/cgroup-mount.js'
import { mqueue } from './mounts/mqueue.js'
import { proc } from './mounts/proc.js'
import { shm } from './mounts/shm.js'
import { sysfs } from './mounts/sysfs.js'
import { hostId, type IdMapping } from './namespaces/id-map.js'

export interface DefaultMountsOptions {
  /** The container's own namespaces; those left out are the host's. Default: all but a user namespace. */
  readonly namespaces?: {
    readonly pid?: boolean
    readonly net?: boolean
    readonly ipc?: boolean
    readonly user?: { readonly gidMap: readonly IdMapping[] }
  }
  /** Mounted at /sys/fs/cgroup; nothing is if it is left out. */
  readonly cgroup?: CgroupLayout
  /** Size of /dev/shm as in tmpfs(5); default 64 MiB. */
  readonly shmSize?: string
  /** `--privileged`: /sys and cgroups writable, nothing masked. */
  readonly privileged?: boolean
  /** Destinations that are mounted otherwise. With `/dev` what lies in it is left out too. */
  readonly except?: readonly string[]
  /** Further mounts, before the masks. */
  readonly mounts?: StepList
  /** How the nodes of /dev come about; default: bound if there is a user namespace here, else made. */
  readonly nodes?: 'mknod' | 'bind'
  /** Terminals belong to the group tty (5); default: unless a user namespace here gives it no id. */
  readonly ttyGroup?: boolean | undefined
  /** Default: DEFAULT_MASKED_PATHS. {@link readMaskedPaths} adds what depends on the host's processors. */
  readonly masked?: readonly string[]
  /** Default: DEFAULT_READONLY_PATHS, and without a user namespace HOST_MODE_PATHS. */
  readonly readonly?: readonly string[]
}

const TTY_GROUP = 5

const OPTIONS: OptionKeys<DefaultMountsOptions> = {
  nodes: true,
  ttyGroup: true,
  namespaces: true,
  cgroup: true,
  shmSize: true,
  privileged: true,
  except: true,
  mounts: true,
  masked: true,
  readonly: true,
}

/**
 * Docker's default mounts in Docker's order: /proc, /dev with its devices, /dev/pts, /sys, cgroups, /dev/mqueue,
 * /dev/shm; then the given mounts; then masked and read-only paths.
 *
 * Where there is a /dev of its own, streams that are the host's null device become the container's.
 *
 * What a user namespace can't have is replaced: nodes of /dev are bound, and so are /proc and /sys where the PID or the
 * network namespace is the host's.
 */
export function defaultMounts(options: DefaultMountsOptions = {}): StepList {
  refuseUnknownOptions('defaultMounts', options, OPTIONS)
  const { namespaces = { pid: true, net: true, ipc: true }, privileged = false, except = [] } = options
  const { user, pid, net, ipc } = namespaces
  const isExcepted = (destination: string): boolean =>
    except.some((other) => destination === other || (other === '/dev' && destination.startsWith('/dev/')))
  const at = (destination: string, step: () => Step): Step | null => (isExcepted(destination) ? null : step())
  // In a user namespace root is a stranger to procfs, and may change no mode.
  const readonly = user ? DEFAULT_READONLY_PATHS : [...DEFAULT_READONLY_PATHS, ...HOST_MODE_PATHS]
  const hasTtyGroup = options.ttyGroup !== false && (!user || hostId(user.gidMap, TTY_GROUP) !== undefined)
  return [
    at('/proc', () => proc({ from: user && !pid ? 'host' : 'new' })),
    at('/dev', () => dev({ how: options.nodes ?? (user ? 'bind' : 'mknod') })),
    at('/dev', () => nullStreams()),
    at('/dev/pts', () => devpts(hasTtyGroup ? {} : { gid: null })),
    at('/sys', () => sysfs({ from: user && !net ? 'host' : 'new', readonly: !privileged })),
    options.cgroup &&
      at('/sys/fs/cgroup', () => cgroupMount(options.cgroup as CgroupLayout, { readonly: !privileged })),
    // A new one shows the queues of the IPC namespace that it is mounted in, which takes privilege over that namespace.
    at('/dev/mqueue', () => (ipc || !user ? mqueue() : fromHost('/dev/mqueue'))),
    at('/dev/shm', () => (ipc ? shm(options.shmSize) : fromHost('/dev/shm'))),
    options.mounts,
    !privileged && [maskedPaths(options.masked), readonlyPaths(options.readonly ?? readonly)],
  ]
}

/** POSIX shared memory and message queues are shared through the mounts as well as through the namespace. */
const fromHost = (path: string): Step => bind({ source: path, destination: path, origin: 'default' })
