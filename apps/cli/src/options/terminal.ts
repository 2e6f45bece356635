import { flag } from '../arguments/option.js'

/** How the container's standard streams are connected. */
export const terminal = {
  interactive: flag({ short: 'i', help: 'pass on stdin; else the command finds it empty' }),
  tty: flag({ short: 't', help: 'give the command a terminal of its own' }),
}
