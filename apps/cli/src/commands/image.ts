import { EXIT } from '../exit-codes.js'
import { defineCommand } from './command.js'

/** `rt image COMMAND`: the commands are in image/. */
export const command = defineCommand({
  name: 'image',
  usage: 'COMMAND',
  operands: 0,
  description: [
    'Work with the images of the store. It is an OCI layout: skopeo, umoci and podman read it as oci:DIR:NAME.',
  ],
  examples: [
    ['rt image ls', 'what there is'],
    ['rt image rm app:v1', 'take a name away, and what only that name needed'],
  ],
  subcommands: [
    { name: 'ls', summary: 'list images', load: () => import('./image/ls.js') },
    {
      name: 'inspect',
      summary: 'print all that is known of images, as JSON',
      load: () => import('./image/inspect.js'),
    },
    {
      name: 'history',
      summary: 'print how an image was made, layer by layer',
      load: () => import('./image/history.js'),
    },
    { name: 'tag', summary: 'give an image one more name', load: () => import('./image/tag.js') },
    { name: 'rm', summary: 'take names away, and what only they needed', load: () => import('./image/rm.js') },
    { name: 'prune', summary: 'remove what nothing needs', load: () => import('./image/prune.js') },
    { name: 'save', summary: 'write images to an archive', load: () => import('./image/save.js') },
    { name: 'load', summary: 'bring the images of an archive into the store', load: () => import('./image/load.js') },
    { name: 'import', summary: 'make an image of a tar of a root', load: () => import('./image/import.js') },
    { name: 'check', summary: 'read everything, and say what is damaged', load: () => import('./image/check.js') },
  ],
  groups: [],
  options: {},
  async run(_, complaints) {
    complaints.throwIfAny('image')
    return EXIT.ok
  },
})
