import { COMMANDS } from '../commands/table.js'
import { table } from './wrap.js'

/** What `rt --help` and `rt` alone print. */
export const overview = (): string => `Usage: rt COMMAND [OPTIONS] [ARG...]

Containers taken apart: a container is a process that made a few system calls before it started its
program (namespaces, then cgroups, then a changed root). rt makes those calls, prints them, traces
them, or compiles them to an executable of their own.

  rt run                 a shell in a container on this machine's files; its changes are thrown away
  rt explain run         the same container as a list of system calls; nothing runs
  rt lab                 four small experiments that show what a container is

Commands:
${table(COMMANDS.map(({ name, summary }) => [name, summary]))}
  rt COMMAND --help      the options of a command
`
