// requires root, umoci, containers-storage; the long sibling is same-image.long.ts
import { describe, expect, it } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { compareImages, IMAGE_PEERS } from './support/same-image.js'

/** How many images; those that start a program or a thread for each layer are slower. */
const IMAGES = { overlay: 100, cache: 5, erofs: 20, umoci: 100, 'containers-storage': 25 } as const
const SEED = 1

describe('random layered images', () => {
  it.for(Object.entries(IMAGES))(
    'are the same by rt unpack and by %s: %i',
    { timeout: 120_000 },
    async ([name, count], context) => {
      needs(context, ...IMAGE_PEERS[name as keyof typeof IMAGES])
      const found = await compareImages(name, count, SEED)
      // A seed shows an image again: compareImages(name, 1, seed).
      expect(found.slice(0, 3)).toEqual([])
    },
  )
})
