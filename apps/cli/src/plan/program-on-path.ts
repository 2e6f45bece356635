import { accessSync, constants, statSync } from 'node:fs'

/** The file of a program by its bare name, if $PATH has one. */
export function programOnPath(name: string): string | undefined {
  if (name === '' || name.includes('/')) return undefined
  return (process.env.PATH ?? '')
    .split(':')
    .map((directory) => `${directory || '.'}/${name}`)
    .find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false // absent, or not ours to run: not what was meant
  }
}
