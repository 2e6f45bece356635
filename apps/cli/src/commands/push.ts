import { forwardSignals } from '../attach/signals.js'
import { EXIT } from '../exit-codes.js'
import { registryOptions } from '../options/registry.js'
import { progressOptions, storeOptions } from '../options/store.js'
import { defineCommand } from './command.js'

const STDOUT = 1

/** `rt push NAME` */
export const command = defineCommand({
  name: 'push',
  usage: '[OPTIONS] NAME[:TAG] [DESTINATION]',
  operands: 2,
  description: [
    'Bring an image of the store to the registry that its name says, or to another name (DESTINATION). What the registry has ' +
      'is not sent, and what another repository of it has is taken from there.',
  ],
  examples: [
    ['rt push localhost:5000/team/app:v1', 'under its own name'],
    ['rt push debian:bookworm localhost:5000/debian:bookworm', 'under another'],
  ],
  groups: [
    { title: 'Registry', options: registryOptions },
    { title: 'Store', options: storeOptions },
    { title: 'Output', options: progressOptions },
  ],
  options: { ...registryOptions, ...storeOptions, ...progressOptions },
  complete: [],
  async run({ values, rest }, complaints) {
    const [given, to = given] = rest.filter((word) => word !== '--')
    if (given === undefined) complaints.add('NAME', 'is missing')
    const { name, destination } = complaints.settled('push', { name: given, destination: to })
    const images = await import('../images.js')
    const signals = forwardSignals()
    const store = images.openStore(values['root-dir'] === undefined ? {} : { rootDir: values['root-dir'] })
    using client = images.registryClient(values)
    const showing = images.showingFor(values, STDOUT)
    try {
      const image = images.imageOf(store, client, name)
      await images.pushShown({
        store,
        client,
        image,
        destination,
        signal: signals.abort,
        showing,
      })
      return EXIT.ok
    } catch (error) {
      throw signals.reason(error)
    } finally {
      signals.stop()
    }
  },
})
