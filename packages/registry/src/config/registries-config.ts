/** A place that has the same images (containers-registries.conf(5), `[[registry.mirror]]`). */
export interface Mirror {
  /** `HOST` or `HOST/PATH`: what stands for the rule's prefix there. */
  readonly location: string
  readonly insecure: boolean
  /** Which pulls it is asked for. A tag can be behind on a mirror, a digest can't. */
  readonly pull: 'all' | 'digest-only' | 'tag-only'
}

/** What counts for all names below a prefix (containers-registries.conf(5), `[[registry]]`). */
export interface RegistryRule {
  /** `HOST`, `HOST/PATH`, or `*.DOMAIN` for all hosts below one. */
  readonly prefix: string
  /** What stands for the prefix when asking; empty: the prefix itself. */
  readonly location: string
  readonly insecure: boolean
  readonly blocked: boolean
  readonly mirrors: readonly Mirror[]
  /** Where it stands, for messages. */
  readonly file: string
}

/** What registries.conf and the files beside it say together. */
export interface RegistriesConfig {
  readonly rules: readonly RegistryRule[]
  /** Where short names are looked for, in order; undefined: nobody said. */
  readonly searchRegistries: readonly string[] | undefined
  /** Short name → full name. */
  readonly aliases: ReadonlyMap<string, string>
  /** Whether a short name that may be at several registries is looked for, or refused. */
  readonly shortNameMode: 'enforcing' | 'permissive' | 'disabled'
}

/** What counts where no file is. */
export const NO_CONFIG: RegistriesConfig = {
  rules: [],
  searchRegistries: undefined,
  aliases: new Map(),
  shortNameMode: 'enforcing',
}
