import { EXIT } from '../exit-codes.js'
import { registryOptions } from '../options/registry.js'
import { print } from '../output.js'
import { defineCommand } from './command.js'

const { authfile } = registryOptions

/** `rt logout [REGISTRY]` */
export const command = defineCommand({
  name: 'logout',
  usage: '[OPTIONS] [REGISTRY]',
  operands: 1,
  description: ['Forget the user and password for a registry (default docker.io), wherever they are kept.'],
  examples: [['rt logout localhost:5000', 'of one registry']],
  groups: [],
  options: { authfile },
  complete: [],
  async run({ values, rest }, complaints) {
    const [registry = 'docker.io'] = rest.filter((word) => word !== '--')
    complaints.throwIfAny('logout')
    const { eraseCredentials } = await import('../images.js')
    const erased = await eraseCredentials(registry, values.authfile === undefined ? {} : { authFile: values.authfile })
    if (erased.length === 0) print(`Not logged in to ${registry}\n`)
    else print(`Removing login credentials for ${registry}\n`)
    return EXIT.ok
  },
})
