import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

/** Docker's rule for names, which also makes a safe cgroup name. */
export function containerName(text: string): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text)) {
    throw invalid(`expected letters, digits, "_", "." and "-" after a letter or digit, got ${quote(text)}`)
  }
  if (text.length > 200) throw invalid(`a name of ${text.length} letters; at most 200`)
  return text
}

/** A host name: at most 64 bytes, the kernel's limit (HOST_NAME_MAX). */
export function hostName(text: string): string {
  if (!/^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(text)) {
    throw invalid(`expected letters, digits, "-" and ".", got ${quote(text)}`)
  }
  if (text.length > 64) throw invalid(`a host name of ${text.length} letters; Linux allows 64`)
  return text
}

/** Whatever it is, but not nothing. */
export function someText(text: string): string {
  if (text === '') throw invalid('expected some text, got none')
  return text
}

/** One of a few words. */
export const oneOf =
  <T extends string>(...words: readonly T[]) =>
  (text: string): T => {
    const found = words.find((word) => word === text)
    if (found === undefined) throw invalid(`expected ${words.join(' or ')}, got ${quote(text)}`)
    return found
  }
