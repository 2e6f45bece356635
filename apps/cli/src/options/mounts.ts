import { statSync } from 'node:fs'
import { type DeviceNode, device as deviceStep, mount as mountStep, readDevice } from '@rt/mountns'
import type { Step } from '@rt/program'
import { type Complaints, invalid } from '../arguments/complaints.js'
import { flag, many, one, type Values } from '../arguments/option.js'
import { bytes } from '../values/bytes.js'
import { device } from '../values/device.js'
import { type MountSpec, mount, tmpfs, volume } from '../values/mount-spec.js'
import { quote } from '../values/quote.js'

/** What the container sees of the host's files and devices, and which file systems it gets of its own. */
export const mounts = {
  volume: many({
    short: 'v',
    value: 'HOST:CONTAINER[:OPTIONS]',
    parse: volume,
    complete: 'directory',
    help: 'show a file or directory of the host in the container; OPTIONS such as ro, nosuid, rslave. HOST must exist',
  }),
  mount: many({
    value: 'FIELDS',
    parse: mount,
    complete: ['type=bind,source=', 'type=tmpfs,target='],
    help: 'a mount in long form: type=bind,source=/host,target=/dir[,readonly] or type=tmpfs,target=/dir[,tmpfs-size=64m]',
  }),
  tmpfs: many({
    value: 'CONTAINER[:OPTIONS]',
    parse: tmpfs,
    help: 'an empty directory in memory; OPTIONS such as size=64m,mode=1777,exec',
  }),
  'read-only': flag({ help: 'make the root read-only; mounts stay writable. Nothing is made in SOURCE' }),
  'shm-size': one({ value: 'BYTES', parse: shmSize, help: 'size of /dev/shm (default 64m)' }),
  device: many({
    value: 'HOST[:CONTAINER][:rwm]',
    parse: device,
    complete: 'file',
    help: 'give the container a device of the host',
  }),
}

type MountValues = Values<typeof mounts>

/** For tmpfs(5); 0, which to the kernel is "no limit", is the default to Docker. */
function shmSize(text: string): string | undefined {
  const size = bytes(text)
  return size === 0 ? undefined : String(size)
}

/**
 * The mounts that the options ask for, outer ones before those that lie in them, whatever the order of the options. As in
 * Docker, the same volume twice is one, and of two --tmpfs on one place the last counts.
 */
export function mountSpecs(values: MountValues): MountSpec[] {
  const depth = ({ destination }: MountSpec): number => destination.split('/').length
  const volumes = new Map(values.volume.map((spec) => [spec.origin, spec]))
  const tmpfses = new Map(values.tmpfs.map((spec) => [spec.destination, spec]))
  return [...volumes.values(), ...values.mount, ...tmpfses.values()].sort((a, b) => depth(a) - depth(b))
}

/** A step for each mount; what is wrong with one is told beside what is wrong with the others. */
export const mountSteps = (specs: readonly MountSpec[], complaints: Complaints): Step[] =>
  specs.flatMap((spec, index) => {
    const step = complaints.try(spec.origin, () => {
      if (specs.findIndex(({ destination }) => destination === spec.destination) < index) {
        throw invalid(`another option mounts on ${quote(spec.destination)} already`)
      }
      // The kernel would notice too, but only when much has been made.
      if (spec.type === 'bind') statSource(spec.source)
      return mountStep(spec)
    })
    return step ?? []
  })

function statSource(path: string): void {
  try {
    statSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw invalid(`nothing is at ${quote(path)} on the host`, `mkdir ${path}`)
    throw invalid(`cannot look at ${quote(path)} on the host: ${(error as Error).message}`)
  }
}

/** A device for the container, and what its cgroup has to allow. */
export interface GivenDevice {
  readonly node: DeviceNode
  readonly access: string
  readonly step: Step
}

/** Looks at the host's nodes. In a user namespace nodes can't be made, only bound. */
export const devicesOf = (values: MountValues, how: 'mknod' | 'bind', complaints: Complaints): GivenDevice[] =>
  values.device.flatMap(({ source, destination, access, origin }) => {
    const given = complaints.try(origin, () => {
      const node = readDevice(source, destination)
      return { node, access, step: deviceStep(node, { how, origin }) }
    })
    return given ?? []
  })
