import type { RootFilesystem } from '../../src/index.js'

/** The layers of a root that is made of folders. */
export const foldersOf = ({ lower }: Pick<RootFilesystem, 'lower'>): string[] =>
  lower.map((layer) => {
    if (typeof layer === 'string') return layer
    throw new Error(`expected a folder, got ${JSON.stringify(layer)}`)
  })
