import { type Complaints, describe, isObject, type JsonObject } from './json.js'

/**
 * What an image says about running it (image-spec "config.md"), the fields that are used and no other: an image is
 * written by a stranger, and nothing in it becomes an option unless it is named here.
 */
export interface ImageConfig {
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  /** `NAME=VALUE` each. */
  readonly env: readonly string[]
  /** Absolute. */
  readonly workingDir: string | undefined
  /** `USER`, `USER:GROUP`, by name or number; not looked up. */
  readonly user: string | undefined
  readonly stopSignal: string | undefined
  /** Absolute paths, without `..`. */
  readonly volumes: readonly string[]
  /** `80/tcp`. */
  readonly exposedPorts: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** Reads the `config` object of an image configuration; null and absent fields are the same, as Docker writes them. */
export function readImageConfig(value: unknown, complaints: Complaints): ImageConfig {
  if (value !== undefined && value !== null && !isObject(value)) {
    complaints.add('config', `expected an object, got ${describe(value)}`)
  }
  const config: JsonObject = isObject(value) ? value : {}

  const text = (field: string): string | undefined => {
    const found = config[field]
    if (found === undefined || found === null || found === '') return undefined
    const string = complaints.string(found, `config.${field}`)
    if (string.includes('\0')) complaints.add(`config.${field}`, 'holds a NUL')
    return string
  }
  const texts = (field: string): string[] => {
    const found = config[field]
    if (found === undefined || found === null) return []
    return complaints.array(found, `config.${field}`).map((item, index) => {
      const string = complaints.string(item, `config.${field}[${index}]`)
      if (string.includes('\0')) complaints.add(`config.${field}[${index}]`, 'holds a NUL')
      return string
    })
  }
  /** A Go map of empty structs: the keys are the values. */
  const keys = (field: string): string[] => {
    const found = config[field]
    if (found === undefined || found === null) return []
    if (isObject(found)) return Object.keys(found)
    complaints.add(`config.${field}`, `expected an object, got ${describe(found)}`)
    return []
  }

  const env = texts('Env')
  for (const [index, variable] of env.entries()) {
    if (!/^[^=]+=/s.test(variable)) {
      complaints.add(`config.Env[${index}]`, `expected NAME=VALUE, got ${describe(variable)}`)
    }
  }
  const workingDir = text('WorkingDir')
  if (workingDir !== undefined && !workingDir.startsWith('/')) {
    complaints.add('config.WorkingDir', `expected an absolute path, got ${describe(workingDir)}`)
  }
  const volumes = keys('Volumes')
  for (const path of volumes) {
    // CVE-2022-23648: such a path was copied from the host.
    if (!path.startsWith('/') || path.split('/').includes('..') || path.includes('\0')) {
      complaints.add('config.Volumes', `expected an absolute path without "..", got ${describe(path)}`)
    }
  }
  return {
    entrypoint: texts('Entrypoint'),
    cmd: texts('Cmd'),
    env,
    workingDir,
    user: text('User'),
    stopSignal: text('StopSignal'),
    volumes,
    exposedPorts: keys('ExposedPorts'),
    labels: readLabels(config.Labels, complaints),
  }
}

function readLabels(value: unknown, complaints: Complaints): Record<string, string> {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) {
    complaints.add('config.Labels', `expected an object, got ${describe(value)}`)
    return {}
  }
  return Object.fromEntries(
    // Go, and so Docker, reads null as the empty string.
    Object.entries(value).map(([name, label]) => [
      name,
      label === null ? '' : complaints.string(label, `config.Labels[${describe(name)}]`),
    ]),
  )
}
