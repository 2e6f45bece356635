import { join } from 'node:path'

/** Where a store keeps what. All of it is on one file system: names are given by rename(2). */
export interface Places {
  /** Where the layer cache is too. */
  readonly rootDir: string
  /** The OCI layout (image-spec "image-layout.md"), which other tools read and write. */
  readonly layout: string
  readonly index: string
  readonly blobs: string
  /** What is rt's alone: other tools leave names in a layout that they don't know. */
  readonly state: string
  /** Blobs that are not whole yet. */
  readonly ingest: string
  /** What operations that run, and containers, need. */
  readonly leases: string
  /** The names that rt gave: see names/names.ts. */
  readonly names: string
  readonly indexLock: string
  readonly sweepLock: string
}

export function placesIn(rootDir: string): Places {
  const layout = join(rootDir, 'images')
  const state = join(layout, '.rt')
  return {
    rootDir,
    layout,
    index: join(layout, 'index.json'),
    blobs: join(layout, 'blobs'),
    state,
    ingest: join(state, 'ingest'),
    leases: join(state, 'leases'),
    names: join(state, 'names.json'),
    indexLock: join(state, 'index.lock'),
    sweepLock: join(state, 'sweep.lock'),
  }
}
