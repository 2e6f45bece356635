import { existsSync } from 'node:fs'
import {
  type DefaultMountsOptions,
  device,
  fileLimit,
  fileMounts,
  type NamespaceOptions,
  readMaskedPaths,
} from '@rt/mountns'
import type { Step } from '@rt/program'
import type { Complaints } from '../arguments/complaints.js'
import { mountSpecs, mountSteps } from '../options/mounts.js'
import type { RunValues } from '../options/run.js'
import type { MountSpec } from '../values/mount-spec.js'
import type { CgroupChoice } from './choose-cgroup.js'
import { hostDevices } from './host-devices.js'
import { hostsName } from './hosts-name.js'
import { nameFiles } from './name-files.js'
import type { RootSource } from './source.js'

interface Circumstances {
  readonly namespaces: NamespaceOptions
  readonly cgroup: CgroupChoice
  readonly given: GivenMounts
  readonly root: RootSource
  readonly hostname: string | undefined
}

/** What --volume, --mount and --tmpfs ask for. */
export interface GivenMounts {
  readonly specs: readonly MountSpec[]
  readonly steps: readonly Step[]
}

export function givenMounts(values: RunValues, complaints: Complaints): GivenMounts {
  const specs = mountSpecs(values)
  return { specs, steps: mountSteps(specs, complaints) }
}

/** All that is mounted on the root: Docker's defaults, files with names, what the options ask for, devices. */
export function mountsOf(
  values: RunValues,
  { namespaces, cgroup, given, root, hostname }: Circumstances,
): DefaultMountsOptions {
  const { specs, steps } = given
  const taken = new Set(specs.map(({ destination }) => destination))
  const names = nameFiles({
    hostname,
    hostsName: hostsName(),
    hosts: values['add-host'],
    nameServers: values.dns,
    search: values['dns-search'],
    options: values['dns-option'],
    hostNetwork: values.network === 'host',
  })
  const privileged = values.privileged ?? false
  const asked = new Set(cgroup.devices.map(({ node }) => node.path))
  const nothing = values['security-opt'].includes('systempaths=unconfined')
  return {
    namespaces,
    nodes: cgroup.nodes,
    ttyGroup: cgroup.ttyGroup,
    privileged,
    except: [...taken, ...absentOnHost(namespaces), ...(values.ipc === 'none' ? ['/dev/shm'] : [])],
    ...(cgroup.layout ? { cgroup: cgroup.layout } : {}),
    ...(values['shm-size'] === undefined ? {} : { shmSize: values['shm-size'] }),
    ...(nothing || privileged ? { masked: [], readonly: [] } : { masked: readMaskedPaths() }),
    mounts: [
      root.mounts,
      fileMounts(names.filter(({ destination }) => !taken.has(destination))),
      steps,
      privileged &&
        hostDevices()
          .filter(({ path }) => !asked.has(path))
          .map((node) => device(node, { how: cgroup.nodes, origin: '--privileged' })),
      cgroup.devices.map(({ step }) => step),
      fileLimit(specs.filter(({ type }) => type === 'bind').length),
    ],
  }
}

/** What would be bound from the host with --ipc host, where the host hasn't it. */
const absentOnHost = ({ ipc, user }: NamespaceOptions): string[] =>
  ipc ? [] : [...(user ? ['/dev/mqueue'] : []), '/dev/shm'].filter((path) => !existsSync(path))
