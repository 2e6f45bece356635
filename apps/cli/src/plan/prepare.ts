import { diagnoseExec, neededRootChange, type Text } from '@rt/chroot'
import type { Plan } from '@rt/program'
import type { OnProgress } from '@rt/rootfs'
import type { Arch, RtError } from '@rt/sys'
import type { Complaints } from '../arguments/complaints.js'
import { absolute } from '../arguments/own-bytes.js'
import type { RunValues } from '../options/run.js'
import type { TerminalMode } from '../options/terminal.js'
import { limitsOf } from '../options/unpacking.js'
import { parseSignal } from '../values/signal.js'
import { containerId } from './container-id.js'
import { containerPlan } from './container-plan.js'
import { type GivenMounts, mountsOf } from './mounts.js'
import { operandsOf, refuseLateOptions } from './operands.js'
import { programOf } from './program.js'
import { requestedOf } from './requested.js'
import { type RequestedFilter, requestedFilter, seccompStep } from './seccomp-step.js'
import { resolve, rootSource } from './source.js'
import { sysctlsOf } from './sysctls.js'

/** A container that is ready to be started, explained or compiled. */
export interface PreparedContainer {
  readonly plan: Plan
  /** What a SIGTERM to rt becomes; undefined: itself. */
  readonly stopSignal: number | undefined
  /** Descriptors that its supervisor is to hold as long as it lives, by name. */
  readonly fds: Readonly<Record<string, number>>
  /** What is not as it should be, and no reason to stop. */
  readonly warnings: readonly string[]
  /**
   * What will fail for sure, found before anything is made: a command that isn't there, in a directory where the places
   * that are made to mount on would stay.
   */
  foresee(): RtError | undefined
  /** Why the program could not be executed, if its files tell; undefined if they look right. */
  diagnose(): RtError | undefined
  /** Close what was opened to look things up. */
  close(): void
}

export interface Preparation {
  readonly values: RunValues
  /** What followed the options: SOURCE and COMMAND. */
  readonly words: readonly string[]
  readonly mode: TerminalMode
  readonly complaints: Complaints
  /** The processor that the plan is for; default: this one. */
  readonly arch?: Arch | undefined
  /** The container's name where --name says nothing. */
  readonly defaultName?: string
  /** All has been said before. */
  readonly quiet?: boolean
  /** It is to run many times, perhaps at once. */
  readonly reruns?: boolean
  /** Stops the unpacking of an image. */
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

/** Where the container has mounts: its own, and those that are asked for. */
const placesOf = ({ specs }: GivenMounts): string[] => [
  ...['/proc', '/dev', '/sys'],
  ...specs.map(({ destination }) => destination),
]

/** What a plain user can't look at from here, the container's root perhaps can. */
function foresee(look: () => RtError | undefined): RtError | undefined {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined
    throw error
  }
}

/**
 * Ask options, image and host for everything that the plan is made of. Nothing is made yet but an unpacked image.
 *
 * @throws RtError with every complaint about the arguments
 */
export async function prepare(preparation: Preparation): Promise<PreparedContainer> {
  const { values, mode, complaints, signal, onProgress } = preparation
  const { source, command } = operandsOf(preparation.words)
  refuseLateOptions(preparation.words, complaints)
  const name = values.name ?? preparation.defaultName ?? containerId()
  // A name that is asked for is one container's at a time, as Docker's.
  const asked = requestedOf(values, name, complaints, preparation.reruns && values.name === undefined)
  const rootDir = complaints.try('--root-dir', () => values['root-dir'] && absolute(values['root-dir']))
  // Nothing is unpacked when much else is wrong already.
  if (!asked && source !== undefined) complaints.try('SOURCE', () => resolve(source))
  const filtered = await complaints.tryAsync('--security-opt', () =>
    seccompStep(
      requestedFilter(values['security-opt'], defaultFilter(values)),
      asked?.capabilities.names ?? [],
      preparation.arch,
    ),
  )
  const { requested, filter } = complaints.settled('run', { requested: asked, filter: filtered })
  const found = await complaints.tryAsync('SOURCE', () =>
    rootSource(source, {
      user: requested.user,
      ephemeral: values.ephemeral ?? false,
      readOnly: values['read-only'] ?? false,
      limits: limitsOf(values),
      layers: values.layers ?? 'auto',
      // Who only tells what became of a container doesn't ask a registry again.
      pull: preparation.quiet ? 'never' : values.pull,
      quiet: preparation.quiet || values.quiet,
      registry: values,
      ...(values.platform === undefined ? {} : { platform: values.platform }),
      ...(rootDir === undefined ? {} : { rootDir }),
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    }),
  )
  const { root } = complaints.settled('run', { root: found })
  try {
    const { namespaces, cgroup, hostname, caller } = requested
    const sysctls = sysctlsOf(values.sysctl, namespaces, complaints)
    const wanted = programOf(values, command, root, requested, mode, complaints, filter.step)
    const { stopSignal } = root.image
    const stop =
      values['stop-signal'] ??
      (stopSignal === undefined ? undefined : complaints.try('StopSignal of the image', () => parseSignal(stopSignal)))
    const { program } = complaints.settled('run', { program: wanted })
    const { argv, env, workdir } = program
    const diagnose = (mounted?: readonly string[]) =>
      typeof root.view === 'number'
        ? diagnoseExec(root.view, argv[0] as Text, {
            env,
            cwd: workdir.path,
            ...(mounted ? { mounted } : {}),
            origin: 'COMMAND',
          })
        : undefined
    return {
      plan: containerPlan({
        namespaces,
        hostname:
          hostname === undefined ? undefined : { name: hostname, origin: values.hostname ? '--hostname' : 'default' },
        cgroup: cgroup.step,
        domainname: values.domainname,
        sysctls,
        tree: root.tree,
        rootOrigin: root.origin,
        rootChange: neededRootChange(),
        mounts: mountsOf(values, { namespaces, cgroup, given: requested.mounts, root, hostname }),
        readOnly: values['read-only'] ?? false,
        process: program,
        openedByInit: caller.uid !== 0,
      }),
      stopSignal: stop,
      fds: root.lease === undefined ? {} : { lease: root.lease },
      warnings: [...filter.warnings, ...root.warnings],
      foresee: () => (root.stays ? foresee(() => diagnose(placesOf(requested.mounts))) : undefined),
      diagnose: () => diagnose(),
      close: root.close,
    }
  } catch (error) {
    root.close()
    throw error
  }
}

/** Docker's default profile; --privileged takes it away, but not one that is asked for. */
const defaultFilter = ({ privileged }: RunValues): RequestedFilter =>
  privileged ? { profile: 'unconfined', origin: '--privileged' } : { profile: 'builtin', origin: 'default' }
