import { readdirSync } from 'node:fs'
import { DEFAULT_DEVICES, type DeviceNode, readDevice } from '@rt/mountns'

/** What the container has of its own in /dev, or what stands for the opener's terminal. */
const OWN: ReadonlySet<string> = new Set(['console', 'fd', 'mqueue', 'ptmx', 'pts', 'shm'])

/** Every device node of the host's /dev, for --privileged, but the default ones. A look at the host. */
export function hostDevices(directory = '/dev'): DeviceNode[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`
    if (directory === '/dev' && OWN.has(entry.name)) return []
    if (entry.isDirectory()) return hostDevices(path)
    if (DEFAULT_DEVICES.some((node) => node.path === path)) return []
    return entry.isCharacterDevice() || entry.isBlockDevice() ? [readDevice(path)] : []
  })
}
