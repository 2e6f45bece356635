import type { Platform } from '@rt/rootfs'
import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** What uname(1) says for Go's words, which images use: docker takes both. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
}

/** `linux/arm64/v8`, or the processor alone: `arm64`. */
export function platform(text: string): Platform {
  const words = text.toLowerCase().split('/')
  const [os = '', named = '', variant] = words.length === 1 ? ['linux', ...words] : words
  if (os !== 'linux')
    throw invalid(`expected linux/ARCHITECTURE, got ${quote(text)}`, 'rt runs containers of Linux only')
  if (words.length > 3 || ![named, variant ?? 'v8'].every((word) => /^[a-z0-9_.-]+$/.test(word))) {
    throw invalid(`expected linux/ARCHITECTURE[/VARIANT] such as linux/arm64/v8, got ${quote(text)}`)
  }
  return { os, architecture: OTHER_WORDS[named] ?? named, ...(variant === undefined ? {} : { variant }) }
}
