import { call, type Step } from '@rt/program'
import { asked } from '../../complaints.js'

/**
 * setsid(2): leave the session of whoever starts the container. A process with the caller's terminal as its own can
 * push input into it (TIOCSTI, CVE-2017-5226), which the caller's shell would read after the container is gone.
 *
 * The terminal's signals (Ctrl-C) don't reach the container then but through whoever forwards them, and a shell in it
 * has no job control. `terminal()` gives the container a terminal and a session of its own; don't use both.
 */
export const newSession = (origin?: string): Step => ({
  name: 'session',
  why: 'the caller’s terminal can be read and written, not typed into',
  ...asked(origin),
  'init.confine': [call('setsid', [])],
})
