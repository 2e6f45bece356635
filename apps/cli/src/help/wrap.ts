/** Help is for terminals of 100 columns, and the same everywhere, so that it can be compared. */
export const HELP_WIDTH = 100

/** Text in lines of at most `width` letters, the second and later ones indented. */
export function wrap(text: string, indent = 0, width = HELP_WIDTH): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width - indent) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

/** Two columns: what, and what it means. */
export function table(rows: readonly (readonly [string, string])[], left = 2): string {
  const column = Math.min(Math.max(...rows.map(([what]) => what.length)), 30)
  const indent = left + column + 2
  return rows
    .map(([what, meaning]) => {
      const gap = what.length > column ? `\n${' '.repeat(indent)}` : ' '.repeat(column + 2 - what.length)
      return `${' '.repeat(left)}${what}${gap}${wrap(meaning, indent)}\n`
    })
    .join('')
}
