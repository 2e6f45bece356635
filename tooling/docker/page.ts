import type { Answer, Compared, Row } from './row.js'

/** What the page is made of. */
export interface Comparison {
  readonly dockerVersion: string
  readonly sections: readonly { readonly title: string; readonly results: readonly Compared[] }[]
  /** Options of `rt run` that docker hasn't. */
  readonly ownOptions: readonly string[]
}

const LONGEST = 160

/** apps/cli/DOCKER.md. */
export function page({ dockerVersion, sections, ownOptions }: Comparison): string {
  const all = sections.flatMap(({ results }) => results)
  const different = all.filter(({ isSame }) => !isSame)
  return [
    '# rt run beside docker run\n\n',
    `Written by \`npm run compare:docker\`: each row was given to docker (${dockerVersion}, cgroup v1, no network) and to rt, on the same `,
    'root file system of one busybox, and their exit codes and output compared. Do not edit.\n\n',
    `${all.length} rows: ${all.length - different.length} the same, ${different.length} different.\n`,
    '\n## What differs, and why\n\n',
    table(['options', 'what ran', 'docker', 'rt', 'why'], different.map(differentRow)),
    '\n## What is the same\n',
    ...sections.map(({ title, results }) => {
      const same = results.filter(({ isSame }) => isSame)
      return same.length ? `\n### ${title}\n\n${table(['options', 'what ran', 'both'], same.map(sameRow))}` : ''
    }),
    '\n## Options that docker run has not\n\n',
    `${ownOptions.map((name) => `\`--${name}\``).join(', ')}: see [OPTIONS.md](OPTIONS.md).\n`,
  ].join('')
}

const differentRow = ({ row, docker, rt }: Compared): string[] => [
  code(optionsOf(row)),
  code(commandOf(row)),
  shown(docker),
  shown(rt),
  row.differs ?? 'NOT EXPLAINED',
]

const sameRow = ({ row, rt }: Compared): string[] => [code(optionsOf(row)), code(commandOf(row)), shown(rt)]

const optionsOf = ({ options }: Row): string => options.map(word).join(' ')

function commandOf({ command = ['true'] }: Row): string {
  return typeof command === 'string' ? command : command.map(word).join(' ')
}

const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** The output on one line; if there is none, or the code isn't 0, the code. */
function shown({ status, stdout, stderr }: Answer): string {
  const output = cut(stdout.trimEnd().replaceAll('\r', '␍').replaceAll('\n', ' ⏎ '))
  const outcome = status === 0 ? '' : `exits with ${status ?? 'a signal'}`
  const complaint = status === 125 ? cut(stderr.split('\n')[0] ?? '') : ''
  const words = [output && code(output), outcome, complaint && code(complaint)].filter(Boolean)
  return words.join(', ') || 'exits with 0'
}

/** Without what is another at each run, so that a new page differs by what rt and docker do. */
const cut = (text: string): string => {
  const lasting = text.replace(/\/tmp\/rt-docker-\w+\/given/g, 'FOLDER').replace(/\b[0-9a-f]{12}\b/g, 'ID')
  return lasting.length > LONGEST ? `${lasting.slice(0, LONGEST)}…` : lasting
}

/** In a cell of a table; backquotes within need two around them. */
function code(text: string): string {
  if (text === '') return ''
  const quoted = text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
  return quoted.replaceAll('|', '\\|')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}
