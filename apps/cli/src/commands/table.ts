import { nearest, RtError } from '@rt/sys'
import type { Command, CommandRow } from './command.js'

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
  { name: 'pull', summary: 'get an image from a registry', load: () => import('./pull.js') },
  { name: 'push', summary: 'bring an image to a registry', load: () => import('./push.js') },
  { name: 'login', summary: 'keep a user and password for a registry', load: () => import('./login.js') },
  { name: 'logout', summary: 'forget them', load: () => import('./logout.js') },
  {
    name: 'image',
    summary: 'list, show, name, remove, save, load, import and check images',
    load: () => import('./image.js'),
  },
  { name: 'lab', summary: 'four experiments that show what a container is', load: () => import('./lab.js') },
  { name: 'doctor', summary: 'look at what this host offers to containers', load: () => import('./doctor.js') },
  { name: 'completion', summary: 'print a shell’s completion script', load: () => import('./completion.js') },
  { name: 'version', summary: 'print the versions of rt, Node.js and the kernel', load: () => import('./version.js') },
  { name: 'help', summary: 'print what a command does', load: () => import('./help.js') },
]

/** Docker's older names of commands that have moved into a group. */
const OLDER: Readonly<Record<string, readonly string[]>> = {
  images: ['image', 'ls'],
  rmi: ['image', 'rm'],
  tag: ['image', 'tag'],
  history: ['image', 'history'],
  save: ['image', 'save'],
  load: ['image', 'load'],
  import: ['image', 'import'],
}

/** A command, and what follows its name. */
export interface FoundCommand {
  readonly command: Command
  readonly rest: readonly string[]
}

/**
 * The command that words begin with: `run …`, `image ls …`.
 *
 * @returns the group itself where what follows is no command of it, but nothing, or an option
 * @throws RtError RT_INVALID_OPTION if there is no such command, with the nearest one
 */
export async function findCommand(words: readonly string[]): Promise<FoundCommand> {
  const [name = '', ...rest] = words
  const older = Object.hasOwn(OLDER, name) ? OLDER[name] : undefined
  if (older) return findCommand([...older, ...rest])
  const { command } = await rowOf(name, COMMANDS, '').load()
  const [next, ...others] = rest
  if (!command.subcommands || next === undefined || next.startsWith('-')) return { command, rest }
  const inner = rowOf(next, command.subcommands, `${name} `)
  return { command: (await inner.load()).command, rest: others }
}

/** Command lines that docker has, and rt under another name. */
const INSTEAD: Readonly<Record<string, string>> = { 'image list': 'image ls', 'image remove': 'image rm' }

function rowOf(name: string, rows: readonly CommandRow[], before: string): CommandRow {
  const wanted = INSTEAD[`${before}${name}`]?.slice(before.length) ?? name
  const row = rows.find((each) => each.name === wanted)
  if (row) return row
  const names = rows.map((each) => each.name)
  const meant = nearest(name, names)
  throw new RtError(
    'RT_INVALID_OPTION',
    `unknown ${name.startsWith('-') ? 'option' : 'command'} ${JSON.stringify(`${before}${name}`)}`,
    {
      hint:
        meant === undefined
          ? `the commands are ${names.join(', ')}; see rt ${before}--help`
          : `did you mean rt ${before}${meant}?`,
    },
  )
}
