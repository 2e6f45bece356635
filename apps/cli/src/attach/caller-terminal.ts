import { readFileSync } from 'node:fs'
import type { CallerTerminal } from '../options/terminal.js'
import { isTerminal } from './is-terminal.js'

/** Where rt itself was started. */
export function callerTerminal(): CallerTerminal {
  const [stdinIsTerminal, stdoutIsTerminal] = [isTerminal(0), isTerminal(1)]
  return { stdinIsTerminal, stdoutIsTerminal, foreground: stdinIsTerminal && isForeground() }
}

/** Does the terminal listen to our process group? A background job that changed it would be stopped (SIGTTOU). */
function isForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  // After "pid (name)": state ppid pgrp session tty tpgid; proc_pid_stat(5). The name may hold anything, even ")".
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return group === foreground
}
