import { nearest, RtError } from '@rt/sys'
import type { Command } from './command.js'

/** A command as `rt --help` lists it; its module is evaluated only when it is called. */
export interface CommandRow {
  readonly name: string
  readonly summary: string
  load(): Promise<{ readonly command: Command }>
}

/** All commands, in the order in which a newcomer meets them. */
export const COMMANDS: readonly CommandRow[] = [
  { name: 'run', summary: 'start a container', load: () => import('./run.js') },
  {
    name: 'explain',
    summary: 'print the system calls that rt run would make; nothing runs',
    load: () => import('./explain.js'),
  },
  {
    name: 'trace',
    summary: 'run, then print what each call returned and how long it took',
    load: () => import('./trace.js'),
  },
  {
    name: 'compile',
    summary: 'write an executable that does the same without Node.js',
    load: () => import('./compile.js'),
  },
  { name: 'exec', summary: 'run a command in a running container', load: () => import('./exec.js') },
  { name: 'unpack', summary: 'unpack an archive or an image to a directory', load: () => import('./unpack.js') },
  { name: 'lab', summary: 'four experiments that show what a container is', load: () => import('./lab.js') },
  { name: 'doctor', summary: 'look at what this host offers to containers', load: () => import('./doctor.js') },
  { name: 'completion', summary: 'print a shell’s completion script', load: () => import('./completion.js') },
  { name: 'version', summary: 'print the versions of rt, Node.js and the kernel', load: () => import('./version.js') },
  { name: 'help', summary: 'print what a command does', load: () => import('./help.js') },
]

/** @throws RtError RT_INVALID_OPTION if there is no such command, with the nearest one */
export async function loadCommand(name: string): Promise<Command> {
  const row = COMMANDS.find((each) => each.name === name)
  if (row) return (await row.load()).command
  const names = COMMANDS.map((each) => each.name)
  const meant = nearest(name, names)
  throw new RtError(
    'RT_INVALID_OPTION',
    `unknown ${name.startsWith('-') ? 'option' : 'command'} ${JSON.stringify(name)}`,
    {
      hint: meant === undefined ? `the commands are ${names.join(', ')}; see rt --help` : `did you mean rt ${meant}?`,
    },
  )
}
