import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RegistryClient } from '@rt/registry'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../../../../tooling/fixtures/index.js'
import { TestRegistry } from '../../../registry/test/support/registry-server.js'
import { type ImageStore, openStore } from '../../src/index.js'

/** A registry in memory; it is gone after the test. */
export async function testRegistry(): Promise<TestRegistry> {
  const registry = await TestRegistry.start()
  onTestFinished(() => registry.close())
  return registry
}

export function testClient(): RegistryClient {
  const client = new RegistryClient({
    registriesConf: false,
    credentials: () => undefined,
    retry: { totalMilliseconds: 2000, firstDelayMilliseconds: 1 },
  })
  onTestFinished(() => client.close())
  return client
}

export const testStore = (): ImageStore => openStore({ rootDir: join(temporaryFolder('store'), 'rt') })

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** Puts the one image of an OCI layout into a registry. */
export function putLayout(registry: TestRegistry, repository: string, tag: string, layout: string): Descriptor {
  const read = (digest: string) => readFileSync(join(layout, 'blobs', ...digest.split(':')))
  const [entry] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests as Descriptor[]
  const bytes = read(entry!.digest)
  const { config, layers } = JSON.parse(bytes.toString()) as { config: Descriptor; layers: Descriptor[] }
  for (const { digest } of [config, ...layers]) registry.putBlob(repository, read(digest))
  return registry.putManifest(repository, tag, entry!.mediaType, bytes)
}
