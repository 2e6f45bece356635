import { flag, many, one } from '../arguments/option.js'
import { bytes } from '../values/bytes.js'
import { device } from '../values/device.js'
import { mount, tmpfs, volume } from '../values/mount-spec.js'

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
  'read-only': flag({ help: 'make the root read-only; mounts stay writable' }),
  'shm-size': one({ value: 'BYTES', parse: bytes, help: 'size of /dev/shm (default 64m)' }),
  device: many({
    value: 'HOST[:CONTAINER][:rwm]',
    parse: device,
    complete: 'file',
    help: 'give the container a device of the host',
  }),
}
