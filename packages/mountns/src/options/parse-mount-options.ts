import { type Complaint, FSCONFIG_STRING_SIZE } from '@rt/sys'
import { MOUNT_OPTIONS } from './mount-options.js'
import type { Propagation } from './propagation.js'

/** Bits of mount_attr: what is cleared, then what is set. */
export interface Attributes {
  readonly set: number
  readonly clear: number
}

/** A parameter of a file system for fsconfig(2); without a value it is a flag. */
export interface Parameter {
  readonly name: string
  readonly value?: string
}

export interface ParsedMountOptions {
  /** `bind` or `rbind`: what is at the source is mounted, not a new file system. */
  readonly bind?: { readonly recursive: boolean }
  /** For the mount alone. */
  readonly attributes: Attributes
  /** For the mount and all below it (`rro`). */
  readonly recursive: Attributes
  /** `idmap` or `ridmap`. */
  readonly idmap?: { readonly recursive: boolean }
  /** In the order given: `slave,shared` is both. */
  readonly propagation: readonly Propagation[]
  /** Words that are the file system's: `size=64m`, `mode=755`, `sync`. */
  readonly parameters: readonly Parameter[]
  readonly complaints: readonly Complaint[]
}

/** Of a key or value of fsconfig(2). */
export const PARAMETER_BYTES = FSCONFIG_STRING_SIZE - 1

/**
 * Sort the words of a mount's options by what they are for. As in mount(8), a later word overrides an earlier one. A
 * word that {@link MOUNT_OPTIONS} doesn't know is a parameter of the file system, which alone can judge it.
 *
 * @param path where complaints belong, e.g. `mounts[3].options`
 */
export function parseMountOptions(words: readonly string[], path = 'options'): ParsedMountOptions {
  let bind: ParsedMountOptions['bind']
  let idmap: ParsedMountOptions['idmap']
  let attributes: Attributes = { set: 0, clear: 0 }
  let recursive: Attributes = { set: 0, clear: 0 }
  const propagation: Propagation[] = []
  const parameters: Parameter[] = []
  const complaints: Complaint[] = []
  words.forEach((word, index) => {
    const complain = (message: string) => complaints.push({ path: `${path}[${index}]`, message })
    const option = Object.hasOwn(MOUNT_OPTIONS, word) ? MOUNT_OPTIONS[word] : undefined
    switch (option?.kind) {
      case 'bind':
        bind = { recursive: option.recursive }
        break
      case 'attribute':
        if (option.recursive) recursive = override(recursive, option)
        else attributes = override(attributes, option)
        break
      case 'propagation':
        propagation.push(option.propagation)
        break
      case 'idmap':
        idmap = { recursive: option.recursive }
        break
      case 'none':
        break
      default: {
        const parameter = split(word)
        const problem = complaintAbout(word, parameter)
        if (problem) complain(problem)
        else parameters.push(parameter)
      }
    }
  })
  return {
    ...(bind ? { bind } : {}),
    ...(idmap ? { idmap } : {}),
    attributes,
    recursive,
    propagation,
    parameters,
    complaints,
  }
}

const override = (all: Attributes, { set, clear }: Attributes): Attributes => ({
  set: (all.set & ~clear) | set,
  clear: all.clear | clear,
})

function split(word: string): Parameter {
  const equals = word.indexOf('=')
  return equals < 0 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) }
}

function complaintAbout(word: string, { name, value = '' }: Parameter): string | undefined {
  if (word === 'tmpcopyup') return '"tmpcopyup" is not supported: overlay the directory with a tmpfs upper instead'
  if (name === '') return `expected an option, got ${JSON.stringify(word)}`
  if (word.includes('\0')) return `a NUL byte in ${JSON.stringify(word)}`
  for (const part of [name, value]) {
    const bytes = Buffer.byteLength(part)
    if (bytes > PARAMETER_BYTES)
      return `expected at most ${PARAMETER_BYTES} bytes (fsconfig takes no more), got ${bytes}`
  }
  return undefined
}
