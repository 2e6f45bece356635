import { RtError } from '@rt/sys'
import { DOCKER_HUB } from '../reference/docker-hub.js'
import { type Reference, repositoryName } from '../reference/reference.js'
import type { RegistriesConfig, RegistryRule } from './registries-config.js'

/** Where a repository is asked for. */
export interface Place {
  /** As references spell it. */
  readonly registry: string
  readonly repository: string
  readonly insecure: boolean
  readonly isMirror: boolean
}

/**
 * Where to pull from: the mirrors that are for it, in their order, then the place itself (containers-registries.conf(5)).
 *
 * @throws RtError RT_PERMISSION where registries.conf blocks it
 */
export function pullPlaces(reference: Reference, config: RegistriesConfig): Place[] {
  const rule = ruleFor(reference, config)
  const own = ownPlace(reference, rule)
  const byDigest = reference.digest !== undefined
  const mirrors = (rule?.mirrors ?? [])
    .filter(({ pull }) => pull === 'all' || pull === (byDigest ? 'digest-only' : 'tag-only'))
    .map(({ location, insecure }) => placeAt(moved(reference, rule!, location), insecure, true))
  return [...mirrors, own]
}

/**
 * Where to push to: never a mirror.
 *
 * @throws RtError RT_PERMISSION where registries.conf blocks it
 */
export const pushPlace = (reference: Reference, config: RegistriesConfig): Place =>
  ownPlace(reference, ruleFor(reference, config))

function ownPlace(reference: Reference, rule: RegistryRule | undefined): Place {
  if (rule?.blocked) {
    throw new RtError('RT_PERMISSION', `registries.conf blocks ${repositoryName(reference)}`, {
      hint: `by its rule for ${JSON.stringify(rule.prefix)} in ${JSON.stringify(rule.file)}`,
    })
  }
  const name = rule?.location ? moved(reference, rule, rule.location) : repositoryName(reference)
  return placeAt(name, rule?.insecure ?? false, false)
}

/** The rule with the longest prefix of the name. A `*.` matches hosts, and comes after all that name them. */
function ruleFor(reference: Reference, { rules }: RegistriesConfig): RegistryRule | undefined {
  let best: RegistryRule | undefined
  for (const rule of rules) {
    if (matchLength(reference, rule) === undefined) continue
    if (!best || rank(rule) > rank(best)) best = rule
  }
  return best
}

const rank = ({ prefix }: RegistryRule): number => (prefix.startsWith('*.') ? prefix.length : 1000 + prefix.length)

/** How many characters of `HOST/REPOSITORY` a rule's prefix stands for; undefined: it is about something else. */
function matchLength(reference: Reference, { prefix }: RegistryRule): number | undefined {
  const name = repositoryName(reference)
  if (prefix.startsWith('*.')) {
    return reference.registry.endsWith(prefix.slice(1)) ? reference.registry.length : undefined
  }
  // Whole parts only: "example.com/team" is no prefix of "example.com/teams".
  return name === prefix || name.startsWith(`${prefix}/`) ? prefix.length : undefined
}

/** The name with a location instead of the rule's prefix. */
const moved = (reference: Reference, rule: RegistryRule, location: string): string =>
  `${location}${repositoryName(reference).slice(matchLength(reference, rule))}`

function placeAt(name: string, insecure: boolean, isMirror: boolean): Place {
  const slash = name.indexOf('/')
  const registry = name.slice(0, slash).toLowerCase()
  const path = name.slice(slash + 1)
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path
  return { registry, repository, insecure, isMirror }
}
