import { flag } from '../arguments/option.js'
import { absolute, isInUtf8 } from '../arguments/own-bytes.js'
import { forwardSignals } from '../attach/signals.js'
import { EXIT } from '../exit-codes.js'
import { imageOptions, limitsOf, unpacking } from '../options/unpacking.js'
import { print, printJson } from '../output.js'
import { progressBar } from '../progress/progress-bar.js'
import { warnAbout } from '../progress/warn.js'
import { quote } from '../values/quote.js'
import { defineCommand } from './command.js'

const output = { json: flag({ help: 'print what was unpacked as JSON' }) }

/** `rt unpack SOURCE DIR` */
export const command = defineCommand({
  name: 'unpack',
  usage: '[OPTIONS] SOURCE DIR',
  description: [
    'Unpack a tar archive (plain, gzip or zstd) or an image (oci:DIR[:TAG], all its layers) to a new directory. The ' +
      'directory appears complete or not at all; what would lead out of it is refused.',
  ],
  examples: [
    ['rt unpack layer.tar.gz ./root', 'one archive'],
    ['rt unpack oci:./image:latest ./root', 'the layers of an image, one over the other'],
  ],
  groups: [
    { title: 'Limits of an archive', options: unpacking },
    { title: 'Image', options: imageOptions },
    { title: 'Output', options: output },
  ],
  options: { ...unpacking, ...imageOptions, ...output },
  complete: 'file',
  async run({ values, rest }, complaints) {
    const [source, directory, ...more] = rest
    if (source === undefined) complaints.add('SOURCE', 'is missing')
    if (directory === undefined) complaints.add('DIR', 'is missing')
    if (more.length > 0) complaints.add('DIR', `is the last argument; ${JSON.stringify(more.join(' '))} is too much`)
    for (const [name, path] of [
      ['SOURCE', source],
      ['DIR', directory],
    ] as const) {
      if (path === undefined || isInUtf8(path)) continue
      complaints.add(name, `expected a path in UTF-8, got ${quote(absolute(path))}`, 'use another name, and mv')
    }
    complaints.throwIfAny('unpack')
    const { unpack } = await import('../images.js')
    const signals = forwardSignals()
    const bar = progressBar()
    try {
      const done = await unpack(source as string, directory as string, {
        limits: limitsOf(values),
        ...(values.platform === undefined ? {} : { platform: values.platform }),
        signal: signals.abort,
        onProgress: bar.onProgress,
      })
      bar.end()
      warnAbout(done.warnings)
      if (values.json) printJson(done)
      else print(`${done.directory}: ${done.entries} entries, ${done.bytes} bytes\n`)
      return EXIT.ok
    } catch (error) {
      throw signals.reason(error)
    } finally {
      bar.end()
      signals.stop()
    }
  },
})
