import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../../../../tooling/fixtures/index.js'
import { type ClientOptions, RegistryClient } from '../../src/index.js'
import { type ServerOptions, TestRegistry } from './registry-server.js'

/** A registry that is gone after the test. */
export async function registry(options: ServerOptions = {}): Promise<TestRegistry> {
  const started = await TestRegistry.start(options)
  onTestFinished(() => started.close())
  return started
}

/** A client that sees nothing of this machine's configuration, and doesn't wait long. Closed after the test. */
export function client(options: ClientOptions = {}): RegistryClient {
  const made = new RegistryClient({
    registriesConf: false,
    certsDirectories: [],
    environment: {},
    home: temporaryFolder('registry-home'),
    credentials: () => undefined,
    ...options,
    retry: { firstDelayMilliseconds: 1, totalMilliseconds: 5_000, ...options.retry },
  })
  onTestFinished(() => made.close())
  return made
}

/** Everything that a stream gives. */
export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
