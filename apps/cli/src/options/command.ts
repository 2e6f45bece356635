import type { Text } from '@rt/chroot'
import { flag, many, one, type Values } from '../arguments/option.js'
import { type EnvEntry, envEntry, envFile, environment } from '../values/env.js'
import { parseSignal } from '../values/signal.js'

/** What is executed, and what it finds around itself. */
export const commandOptions = {
  env: many({
    short: 'e',
    value: 'NAME[=VALUE]',
    parse: envEntry,
    help: 'set an environment variable; without =VALUE, to the value it has here',
  }),
  'env-file': many({
    value: 'FILE',
    parse: envFile,
    complete: 'file',
    help: 'set the variables that FILE lists, a line each',
  }),
  workdir: one({
    short: 'w',
    value: 'DIR',
    empty: 'unset',
    help: 'working directory in the container; made if missing',
  }),
  entrypoint: one({
    value: 'PROGRAM',
    complete: 'command',
    help: "replace the image's entrypoint; COMMAND becomes its arguments",
  }),
  init: flag({ help: 'run a small init as process 1, which forwards signals and reaps orphans' }),
  'stop-signal': one({
    value: 'SIGNAL',
    empty: 'unset',
    parse: parseSignal,
    help: 'what a SIGTERM to rt becomes in the container (default SIGTERM)',
  }),
}

type CommandValues = Values<typeof commandOptions>

/** What an image says about running it; image-spec, "OCI Image Configuration". A directory says nothing. */
export interface ImageCommand {
  readonly entrypoint?: readonly string[] | undefined
  readonly cmd?: readonly string[] | undefined
  readonly env?: readonly string[] | undefined
  readonly workingDir?: string | undefined
  readonly user?: string | undefined
  readonly stopSignal?: string | undefined
}

/**
 * Entrypoint and command as Docker combines them; empty if neither the user nor the image says anything. An image's
 * command belongs to its own entrypoint: --entrypoint takes both away.
 */
export function argvOf(values: CommandValues, command: readonly string[], image: ImageCommand): string[] {
  const { entrypoint } = values
  const first = entrypoint === undefined ? (image.entrypoint ?? []) : entrypoint === '' ? [] : [entrypoint]
  const rest = command.length > 0 ? command : entrypoint === undefined ? (image.cmd ?? []) : []
  return [...first, ...rest]
}

/** What Docker sets by itself. */
export interface EnvironmentDefaults {
  readonly PATH: string
  readonly HOSTNAME: string | undefined
  readonly TERM: string | undefined
  readonly HOME: Text
}

/** The environment: defaults, then the image's, then files, then -e; the later one counts. Nothing is inherited. */
export function envOf(values: CommandValues, image: ImageCommand, defaults: EnvironmentDefaults): Text[] {
  const { HOME, ...words } = defaults
  const entries: EnvEntry[] = [
    ...Object.entries(words).map(([name, value]) => ({ name, value })),
    ...(image.env ?? []).map(envEntry),
    ...values['env-file'].flat(),
    ...values.env,
  ]
  const env = environment(entries)
  // Empty it is as good as missing: runc fills it in, too.
  const isMissing = !env.some((entry) => /^HOME=./s.test(entry))
  return isMissing ? [...env.filter((entry) => entry !== 'HOME='), homeEntry(HOME)] : env
}

/** passwd need not be UTF-8. */
export const homeEntry = (home: Text): Text =>
  typeof home === 'string' ? `HOME=${home}` : Buffer.concat([Buffer.from('HOME='), home])
