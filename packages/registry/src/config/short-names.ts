import { RtError } from '@rt/sys'
import { DOCKER_HUB } from '../reference/docker-hub.js'
import { atRegistry, type ImageName, parseReference, type Reference } from '../reference/reference.js'
import type { RegistriesConfig } from './registries-config.js'

/**
 * What a name may mean (containers-registries.conf(5), "short-name-mode"): itself if it names a registry; of a short name
 * what an alias says, or the search registries in their order. Where nobody configured any it is Docker's: docker.io.
 *
 * @returns one or more, the first that has the image is meant
 * @throws RtError RT_INVALID_OPTION for a short name that could be at several registries, unless short-name-mode allows to
 *   try them: who owns the first registry could put anything there under the name that is meant for the second
 */
export function meanings(name: ImageName, config: RegistriesConfig): [Reference, ...Reference[]] {
  const { registry } = name
  if (registry !== undefined) return [{ ...name, registry }]
  const alias = config.aliases.get(name.repository)
  if (alias) return [aliased(name, alias)]
  const [first, ...more] = (config.searchRegistries ?? [DOCKER_HUB]).map((host) => atRegistry(name, host))
  if (!first) {
    throw new RtError(
      'RT_INVALID_OPTION',
      `${JSON.stringify(name.repository)} is a short name, and short names are not allowed here`,
      {
        hint: `unqualified-search-registries is empty: write HOST/${name.repository}`,
      },
    )
  }
  if (more.length > 0 && config.shortNameMode === 'enforcing') {
    throw new RtError(
      'RT_INVALID_OPTION',
      `${JSON.stringify(name.repository)} is a short name that may be at ${more.length + 1} registries`,
      {
        hint: `write which is meant: ${[first, ...more].map((each) => `${each.registry}/${each.repository}`).join(', ')}`,
      },
    )
  }
  return [first, ...more]
}

function aliased(name: ImageName, alias: string): Reference {
  const { registry, repository, tag, digest } = parseReference(alias)
  if (registry === undefined || tag !== undefined || digest !== undefined) {
    throw new RtError(
      'RT_INVALID_CONFIG',
      `the alias of ${JSON.stringify(name.repository)} must be HOST/REPOSITORY alone, got ${JSON.stringify(alias)}`,
    )
  }
  return { ...name, registry, repository }
}
