// requires root, busybox, ports of 127.0.0.1; the short sibling is store-stress.test.ts
import { expect, it } from 'vitest'
import { TestRegistry } from '../../../packages/registry/test/support/registry-server.js'
import { busyboxRoot } from '../../../tooling/fixtures/index.js'
import { killStore } from './support/kill-store.js'

it('killed 300 times, the store is sound, and the next pull and run work', { timeout: 3_600_000 }, async () => {
  const registry = await TestRegistry.start()
  try {
    expect(await killStore(registry, busyboxRoot(), 300, 2)).toEqual([])
  } finally {
    await registry.close()
  }
})
