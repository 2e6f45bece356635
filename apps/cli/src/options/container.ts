import { flag, many, one } from '../arguments/option.js'
import { containerName, oneOf, someText } from '../values/name.js'
import { wholeNumber } from '../values/numbers.js'
import { registryOptions } from './registry.js'
import { storeOptions } from './store.js'
import { imageOptions, layerOptions } from './unpacking.js'

/** Whoever brings his command line from Docker is not stopped by what has no meaning for one container in the foreground. */
const ACCEPTED = 'accepted, and of no effect: rt keeps no containers'

/** The container as a whole. */
export const container = {
  name: one({
    value: 'NAME',
    empty: 'unset',
    parse: containerName,
    help: "the container's name: its cgroup's, and its host name",
  }),
  cidfile: one({
    value: 'FILE',
    empty: 'unset',

    complete: 'file',
    help: "write the container's name into a new file",
  }),
  label: many({ short: 'l', value: 'NAME[=VALUE]', parse: someText, help: ACCEPTED }),
  annotation: many({ value: 'NAME=VALUE', parse: someText, help: ACCEPTED }),
  'stop-timeout': one({ value: 'SECONDS', parse: wholeNumber(-1, 2_147_483_647), help: ACCEPTED }),
  pull: one({
    value: 'always|missing|never',
    parse: oneOf('always', 'missing', 'never'),
    complete: ['always', 'missing', 'never'],
    help: 'when a registry is asked for an image by name (default missing)',
  }),
  quiet: flag({ short: 'q', help: 'say nothing of what is pulled' }),
  ...imageOptions,
  ...registryOptions,
  'log-driver': one({ value: 'none', parse: oneOf('none'), complete: ['none'], help: 'rt keeps no logs: always none' }),
  rm: flag({ help: 'remove the container when it ends; always so, rt keeps none' }),
  ephemeral: flag({ help: 'when SOURCE is a directory: make nothing in it, and throw away what the container writes' }),
  ...layerOptions,
  ...storeOptions,
}
