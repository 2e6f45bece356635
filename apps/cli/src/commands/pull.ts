import { flag } from '../arguments/option.js'
import { forwardSignals } from '../attach/signals.js'
import { EXIT } from '../exit-codes.js'
import { registryOptions } from '../options/registry.js'
import { progressOptions, storeOptions } from '../options/store.js'
import { imageOptions } from '../options/unpacking.js'
import { print } from '../output.js'
import { defineCommand } from './command.js'

const tags = { 'all-tags': flag({ short: 'a', help: 'all tags of the repository' }) }
const STDOUT = 1

/** `rt pull NAME` */
export const command = defineCommand({
  name: 'pull',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  operands: 1,
  description: [
    'Get an image from a registry into the store. Layers that are there are not asked for again, and what an earlier pull ' +
      'began goes on where that stopped.',
    'A name without a registry is looked for as registries.conf says, else at docker.io; without a tag it is "latest".',
  ],
  examples: [
    ['rt pull debian:bookworm', "Docker Hub's Debian"],
    ['rt pull --platform linux/arm64 localhost:5000/team/app', 'for another processor'],
  ],
  groups: [
    { title: 'Image', options: { ...tags, ...imageOptions } },
    { title: 'Registry', options: registryOptions },
    { title: 'Store', options: storeOptions },
    { title: 'Output', options: progressOptions },
  ],
  options: { ...tags, ...imageOptions, ...registryOptions, ...storeOptions, ...progressOptions },
  complete: [],
  async run({ values, rest }, complaints) {
    const [given] = rest.filter((word) => word !== '--')
    if (given === undefined) complaints.add('NAME', 'is missing')
    const { name } = complaints.settled('pull', { name: given })
    const images = await import('../images.js')
    const signals = forwardSignals()
    const store = images.openStore(values['root-dir'] === undefined ? {} : { rootDir: values['root-dir'] })
    using client = images.registryClient(values)
    const showing = images.showingFor(values, STDOUT)
    const { abort: signal } = signals
    try {
      const names = values['all-tags'] ? await images.allTags(client, name, signal) : [name]
      for (const each of names) {
        const { platform } = values
        const pulled = await images.pullShown({ store, client, name: each, platform, signal, showing })
        if (!values.json) print(`${pulled.name}\n`)
      }
      return EXIT.ok
    } catch (error) {
      throw signals.reason(error)
    } finally {
      signals.stop()
    }
  },
})
