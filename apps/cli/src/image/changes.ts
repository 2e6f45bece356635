import { nearest } from '@rt/sys'
import { invalid } from '../arguments/complaints.js'
import { quote } from '../values/quote.js'

/** What `--change` writes: the fields of image-spec's "config.md". */
type Config = Record<string, unknown>

type Change = (config: Config, value: string) => void

/** `["a", "b"]`, or a line for a shell. */
function words(value: string): string[] {
  if (!value.startsWith('[')) return ['/bin/sh', '-c', value]
  try {
    const list: unknown = JSON.parse(value)
    if (Array.isArray(list) && list.every((each) => typeof each === 'string')) return list
  } catch {
    // said below
  }
  throw invalid(`expected a list of strings in JSON, got ${quote(value)}`)
}

const setText =
  (field: string): Change =>
  (config, value) => {
    config[field] = value
  }

const setWords =
  (field: string): Change =>
  (config, value) => {
    config[field] = words(value)
  }

/** A Go map of empty structs: the keys are the values. */
const addKeys =
  (field: string): Change =>
  (config, value) => {
    const keys = value.startsWith('[') ? words(value) : value.split(/\s+/)
    config[field] = { ...(config[field] as object), ...Object.fromEntries(keys.map((key) => [key, {}])) }
  }

/** `A=b C="d e"`, or `A b`. */
function pairs(value: string): [string, string][] {
  if (!/^[^\s=]+=/.test(value)) {
    const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(value) ?? []
    if (name === '') throw invalid(`expected NAME=VALUE, got ${quote(value)}`)
    return [[name, rest]]
  }
  return [...value.matchAll(/([^\s=]+)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)/g)].map(([, name = '', text = '']) => [
    name,
    text.replace(/^(["'])(.*)\1$/s, '$2').replace(/\\(.)/g, '$1'),
  ])
}

const CHANGES: Readonly<Record<string, Change>> = {
  CMD: setWords('Cmd'),
  ENTRYPOINT: setWords('Entrypoint'),
  ENV(config, value) {
    const given = pairs(value)
    const kept = ((config.Env ?? []) as string[]).filter((each) => !given.some(([name]) => each.startsWith(`${name}=`)))
    config.Env = [...kept, ...given.map(([name, text]) => `${name}=${text}`)]
  },
  EXPOSE(config, value) {
    addKeys('ExposedPorts')(config, value.replace(/\b(\d+)(?![\d/])/g, '$1/tcp'))
  },
  LABEL(config, value) {
    config.Labels = { ...(config.Labels as object), ...Object.fromEntries(pairs(value)) }
  },
  STOPSIGNAL: setText('StopSignal'),
  USER: setText('User'),
  VOLUME: addKeys('Volumes'),
  WORKDIR: setText('WorkingDir'),
}

/**
 * An image's configuration from instructions of a Dockerfile, as `docker import --change` takes them.
 *
 * @throws RtError RT_INVALID_OPTION for an instruction that there isn't, or with nothing behind it
 */
export function configOf(changes: readonly string[]): Config {
  const config: Config = {}
  for (const change of changes) {
    const [, name = '', value = ''] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(change) ?? []
    const instruction = name.toUpperCase()
    const apply = Object.hasOwn(CHANGES, instruction) ? CHANGES[instruction] : undefined
    if (!apply) {
      const meant = nearest(instruction, Object.keys(CHANGES))
      const there = Object.keys(CHANGES).join(', ')
      throw invalid(
        `${quote(name)} is no instruction that changes an image`,
        meant === undefined ? there : `did you mean ${meant}?`,
      )
    }
    if (value === '') throw invalid(`${instruction}: nothing is behind it`)
    apply(config, value)
  }
  return config
}
