// requires nothing; zstd for its rows
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Progress, prepare, unpack } from '@rt/rootfs'
import { describe, expect, it, type TestContext } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'
import { temporaryFolder } from '../../../tooling/fixtures/temporary-folder.js'
import { Lock } from '../src/cache/lock.js'
import { END, tar } from './support/archive.js'
import { random } from './support/random.js'

/** Large enough that it is read in many pieces, and doesn't shrink. */
const noise = Buffer.from(Array.from({ length: 3_000_000 }, random(7)).map((value) => value * 256))
const archive = Buffer.concat([tar({ path: 'f', data: noise }), END])

const compressions: Record<string, (bytes: Buffer) => Buffer> = {
  tar: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => execFileSync('zstd', ['-c'], { input: bytes, maxBuffer: 1 << 24 }),
}

interface Stopping {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

/** Everything of this package that takes a signal and tells its progress. */
const works: Record<string, (source: string, folder: string, stopping: Stopping) => Promise<unknown>> = {
  unpack: (source, folder, stopping) => unpack(source, join(folder, 'target'), stopping),
  prepare: (source, folder, stopping) => prepare(source, { rootDir: join(folder, 'cache'), ...stopping }),
}

/** No target, no layer, nothing half-made: files at most that name a directory of the cache. */
function left(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^(source|cache|cache\/(layers|locks|files|l)|cache\/layers\/sha256)$/.test(path))
    .sort()
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it was not stopped',
    (error) => error,
  )

describe.each(Object.keys(works))('%s', (name) => {
  const work = works[name] as (typeof works)[string]

  describe.each(Object.keys(compressions))('of %s', (compression) => {
    const folderWith = (context: Pick<TestContext, 'skip'>) => {
      if (compression === 'zstd') needs(context, 'zstd')
      const folder = temporaryFolder('stopped')
      writeFileSync(join(folder, 'source'), (compressions[compression] as (bytes: Buffer) => Buffer)(archive))
      return folder
    }

    it.for<[string, unknown]>([
      ['an error', new TypeError('the caller’s own')],
      ['what is no error', 'a word'],
    ])('throws %s of onProgress as it is, and leaves nothing', async ([, thrown], context) => {
      const folder = folderWith(context)
      const onProgress = () => {
        throw thrown
      }
      expect(await rejection(work(join(folder, 'source'), folder, { onProgress }))).toBe(thrown)
      expect(left(folder)).toEqual([])
    })

    it('throws the reason of a signal that is aborted before or in the middle, and leaves nothing', async (context) => {
      const folder = folderWith(context)
      const reason = new Error('enough')
      for (const early of [true, false]) {
        const controller = new AbortController()
        if (early) controller.abort(reason)
        const onProgress = () => controller.abort(reason)
        expect(await rejection(work(join(folder, 'source'), folder, { signal: controller.signal, onProgress }))).toBe(
          reason,
        )
        expect(left(folder)).toEqual([])
      }
    })

    it('throws an AbortError if no reason was given', async (context) => {
      const folder = folderWith(context)
      const stopped = work(join(folder, 'source'), folder, { signal: AbortSignal.abort() })
      expect(await rejection(stopped)).toMatchObject({ name: 'AbortError' })
    })

    it('works afterwards', async (context) => {
      const folder = folderWith(context)
      await rejection(work(join(folder, 'source'), folder, { signal: AbortSignal.abort() }))
      await work(join(folder, 'source'), folder, {})
    })
  })
})

it('prepare, while another process unpacks the same, is stopped by its signal and by what onProgress throws', async () => {
  const folder = temporaryFolder('stopped')
  writeFileSync(join(folder, 'source'), archive)
  const rootDir = join(folder, 'cache')
  const { lower } = await prepare(join(folder, 'source'), { rootDir })
  const [layer] = readdirSync(join(rootDir, 'layers/sha256'))
  expect(lower).toHaveLength(1)
  const again = temporaryFolder('stopped')
  mkdirSync(join(again, 'locks'))
  const lock = Lock.try(join(again, 'locks', layer as string))
  const reason = new Error('it takes too long')
  const controller = new AbortController()
  const wait = (stop: () => void) => ({
    rootDir: again,
    onProgress: ({ phase }: Progress) => (phase === 'wait' ? stop() : undefined),
  })
  const aborted = prepare(join(folder, 'source'), {
    ...wait(() => controller.abort(reason)),
    signal: controller.signal,
  })
  expect(await rejection(aborted)).toBe(reason)
  const threw = prepare(
    join(folder, 'source'),
    wait(() => {
      throw reason
    }),
  )
  expect(await rejection(threw)).toBe(reason)
  lock?.release()
})
