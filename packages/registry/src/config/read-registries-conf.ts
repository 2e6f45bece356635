import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RtError } from '@rt/sys'
import type { Surroundings } from '../credentials/auth-files.js'
import { parseRegistriesConf } from './parse-registries-conf.js'
import { NO_CONFIG, type RegistriesConfig } from './registries-config.js'

/**
 * The files that count, each over those before it (containers-registries.conf(5), FILES): CONTAINERS_REGISTRIES_CONF, or
 * the user's registries.conf, or else the system's; then the files of the system's and the user's registries.conf.d.
 */
export function registriesConfPaths({ environment, home }: Surroundings): string[] {
  const named = environment.CONTAINERS_REGISTRIES_CONF
  if (named) return [named]
  const own = join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'containers')
  const system = '/etc/containers'
  const main = [join(own, 'registries.conf'), join(system, 'registries.conf')].find((path) => existsSync(path))
  const parts = [system, own].flatMap((folder) => filesIn(join(folder, 'registries.conf.d')))
  return [...(main === undefined ? [] : [main]), ...parts]
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => name.endsWith('.conf'))
  return names.sort().map((name) => join(folder, name))
}

/**
 * Reads and joins the files. Of two rules for one prefix, and two aliases for one name, the later one counts.
 *
 * @throws RtError RT_INVALID_CONFIG, RT_UNSUPPORTED; RT_NOT_FOUND for a file that isn't there
 */
export function readRegistriesConf(paths: readonly string[]): RegistriesConfig {
  let config = NO_CONFIG
  for (const path of paths) {
    const { rules = [], aliases = new Map(), ...rest } = readOne(path)
    const kept = config.rules.filter(({ prefix }) => rules.every((rule) => rule.prefix !== prefix))
    config = { ...config, ...rest, rules: [...kept, ...rules], aliases: new Map([...config.aliases, ...aliases]) }
  }
  return config
}

function readOne(path: string): Partial<RegistriesConfig> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const kind = code === 'ENOENT' ? 'RT_NOT_FOUND' : code === 'EACCES' ? 'RT_PERMISSION' : 'RT_INVALID_CONFIG'
    throw new RtError(kind, `cannot read the configuration of registries: ${message}`, { cause })
  }
  return parseRegistriesConf(text, path)
}
