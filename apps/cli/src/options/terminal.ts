import { flag, type Values } from '../arguments/option.js'

/** How the container's standard streams are connected. */
export const terminal = {
  interactive: flag({ short: 'i', help: 'pass on stdin; else the command finds it empty' }),
  tty: flag({
    short: 't',
    help: 'give the command a terminal of its own. Without -i and -t, rt run in the foreground of a terminal behaves as with -it',
  }),
}

/** What rt's own stdin and stdout are. */
export interface CallerTerminal {
  readonly stdinIsTerminal: boolean
  readonly stdoutIsTerminal: boolean
  /** rt may read the terminal: it is no background job. */
  readonly foreground: boolean
}

export interface TerminalMode {
  readonly interactive: boolean
  readonly tty: boolean
}

/**
 * -i and -t as given. If neither was mentioned, somebody who sits at a terminal gets both: `docker run IMAGE sh` ends at
 * once, to everybody's surprise once.
 */
export function terminalMode(values: Values<typeof terminal>, here: CallerTerminal): TerminalMode {
  const { interactive, tty } = values
  if (interactive === undefined && tty === undefined) {
    const sits = here.stdinIsTerminal && here.stdoutIsTerminal && here.foreground
    return { interactive: sits, tty: sits }
  }
  return { interactive: interactive ?? false, tty: tty ?? false }
}
