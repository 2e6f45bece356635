import { version } from '../../package.json'
import { flag } from '../arguments/option.js'
import { EXIT } from '../exit-codes.js'
import { print, printJson } from '../output.js'
import { defineCommand } from './command.js'

/** `rt version`, `rt --version` */
export const command = defineCommand({
  name: 'version',
  usage: '[--json]',
  operands: 0,
  description: ['Print the versions of rt, of Node.js, and of the kernel.'],
  examples: [],
  groups: [],
  options: { json: flag({ help: 'print them as JSON' }) },
  async run({ values }, complaints) {
    complaints.throwIfAny('version')
    const { release, arch } = await import('node:os')
    const versions = { rt: version, node: process.versions.node, kernel: release(), arch: arch() }
    if (values.json) printJson(versions)
    else print(`rt ${version} (Node.js ${versions.node}, Linux ${versions.kernel}, ${versions.arch})\n`)
    return EXIT.ok
  },
})
