// requires root, busybox
import { beforeEach, expect, it, vi } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { capabilities, root } from '../src/index.js'
import { capabilitySet } from '../src/process/capabilities/available-capabilities.js'
import { contained } from './contained.js'
import { namespaces, proc, tree } from './steps.js'

/** To code that was written before the last capabilities were, this kernel is a newer one. */
vi.mock('@rt/sys', async (original) => ({ ...(await original<typeof import('@rt/sys')>()), CAP_LAST_CAP: 36 }))

let directory = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  if (directory === '') directory = busyboxRoot()
})

it('capabilities that have no name yet are dropped too', async () => {
  const steps = [namespaces(), root(tree(directory), proc())]
  const bounding = async (...more: Parameters<typeof contained>[0][]) => {
    const { stdout } = await contained([steps, more], ['cat', '/proc/self/status'])
    return capabilitySet(stdout, 'CapBnd')
  }
  // The test can tell: without the step there are some.
  expect((await bounding()) >> 37n).not.toBe(0n)
  expect(await bounding(capabilities(['CAP_CHOWN']))).toBe(1n)
})
