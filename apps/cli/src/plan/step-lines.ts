import type { Plan } from '@rt/program'

/** A plan in short: a line for each step, with its reason, and who asked for it if somebody did. */
export function stepLines({ steps }: Plan): string {
  const column = Math.max(...steps.map(({ name }) => name.length)) + 2
  return steps
    .map(({ name, why, origin }) => {
      const asked = origin === undefined || origin === 'default' ? '' : ` (${origin})`
      return `  ${name.padEnd(column)}${why}${asked}\n`
    })
    .join('')
}
