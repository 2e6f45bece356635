import type {
  CapabilitySets,
  Identity,
  Rlimit,
  RootChange,
  StandardStreamsOptions,
  TerminalOptions,
  Text,
  UserOptions,
} from '@rt/chroot'
import type { DefaultMountsOptions, NamespaceOptions } from '@rt/mountns'
import type { Step, StepList } from '@rt/program'

/** Everything that a container's plan is made of: options, image and host have been asked. */
export interface Container {
  readonly namespaces: NamespaceOptions
  readonly hostname: { readonly name: string; readonly origin: string } | undefined
  readonly domainname: string | undefined
  readonly cgroup: StepList
  /** Settings of its namespaces; they are made before the root, while the host's /proc is in sight. */
  readonly sysctls: StepList
  /** Saves `$tree`. */
  readonly tree: StepList
  readonly rootOrigin: string
  readonly rootChange: RootChange
  readonly mounts: DefaultMountsOptions
  readonly readOnly: boolean
  readonly process: Program
  /** The caller is a plain user: init opens what is of outside. */
  readonly openedByInit: boolean
}

/** What runs in the container, and as whom. */
export interface Program {
  readonly argv: readonly Text[]
  readonly env: readonly Text[]
  readonly workdir: { readonly path: string; readonly origin: string }
  readonly identity: Identity
  readonly userOptions: UserOptions
  readonly capabilities: CapabilitySets
  readonly capabilitiesOrigin: string
  readonly noNewPrivileges: boolean
  /** Loads the filter; without one all system calls are let pass. */
  readonly seccomp: Step | undefined
  readonly rlimits: readonly Rlimit[]
  /** Undefined: Docker's. */
  readonly umask: number | undefined
  readonly oomScoreAdj: number | undefined
  readonly terminal: TerminalOptions | undefined
  /** Of outside, where there is no terminal. */
  readonly streams: StandardStreamsOptions
  readonly init: boolean
}
