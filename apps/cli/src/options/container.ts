import { flag, one } from '../arguments/option.js'
import { containerName } from '../values/name.js'

/** The container as a whole. */
export const container = {
  name: one({
    value: 'NAME',
    empty: 'unset',
    parse: containerName,
    help: "the container's name: its cgroup's, and its host name",
  }),
  rm: flag({ help: 'remove the container when it ends; always so, rt keeps none' }),
  ephemeral: flag({ help: 'when SOURCE is a directory: make nothing in it, and throw away what the container writes' }),
  'root-dir': one({
    value: 'DIR',
    empty: 'unset',
    complete: 'directory',
    help: 'where unpacked layers are kept (default /var/lib/rt, or ~/.local/share/rt for a plain user)',
  }),
}
