// The least that Node can do with a layer of a registry: fetch, gunzip, two SHA-256, write.
//   node tooling/bench/image-floor.mjs HOST/REPOSITORY TAG FILE
import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

const [repository, tag, file] = process.argv.slice(2)
const [host, ...path] = repository.split('/')
const base = `http://${host}/v2/${path.join('/')}`
const accept = 'application/vnd.oci.image.manifest.v1+json'
const manifest = await (await fetch(`${base}/manifests/${tag}`, { headers: { accept } })).json()
const [blob, content] = [createHash('sha256'), createHash('sha256')]
const answer = await fetch(`${base}/blobs/${manifest.layers[0].digest}`)
const compressed = Readable.fromWeb(answer.body)
compressed.on('data', (chunk) => blob.update(chunk))
const fd = openSync(file, 'w')
for await (const chunk of compressed.pipe(createGunzip({ chunkSize: 1 << 18, readableHighWaterMark: 1 << 21 }))) {
  content.update(chunk)
  writeSync(fd, chunk)
}
closeSync(fd)
if (`sha256:${blob.digest('hex')}` !== manifest.layers[0].digest) throw new Error('damaged')
