// requires root, umoci, containers-storage: npm run test:long; the short sibling is same-image.test.ts
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { compareImages, IMAGE_PEERS } from './support/same-image.js'

/** Images by peer: some minutes each. */
const IMAGES = { overlay: 10_000, cache: 500, erofs: 2000, umoci: 5000, 'containers-storage': 1500 } as const
/** Not those of the short test. */
const SEED = 1_000_000

describe('many random layered images', () => {
  it.for(Object.entries(IMAGES))('are the same by rt unpack and by %s: %i', async ([name, count], context) => {
    needs(context, ...IMAGE_PEERS[name as keyof typeof IMAGES])
    expect(await compareImages(name, count, SEED)).toEqual([])
  })
})
