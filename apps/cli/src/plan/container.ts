import type { CapabilitySets, Identity, Rlimit, RootChange, TerminalOptions, Text, UserOptions } from '@rt/chroot'
import type { DefaultMountsOptions, NamespaceOptions } from '@rt/mountns'
import type { Step, StepList } from '@rt/program'

/** Everything that a container's plan is made of: options, image and host have been asked. */
export interface Container {
  readonly namespaces: NamespaceOptions
  readonly hostname: { readonly name: string; readonly origin: string } | undefined
  readonly cgroup: StepList
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
  readonly oomScoreAdj: number | undefined
  readonly terminal: TerminalOptions | undefined
  readonly init: boolean
}
