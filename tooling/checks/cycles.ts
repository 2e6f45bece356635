import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { specifiers } from './modules.js'

/**
 * The circles of imports in the sources of each package: modules that, over others or by themselves, import one
 * another. Type imports count: two files that name each other's types are one file in two pieces, and none of them can
 * be read alone. (In apps/cli the table of commands loads each of them when it is called, help among them, which prints
 * the table: a circle on purpose.)
 *
 * @param root the repository's folder
 * @returns each circle once, its files relative to the repository and in alphabetical order
 */
export function importCycles(root: string): string[][] {
  return readdirSync(join(root, 'packages')).flatMap((name) => cyclesIn(join(root, 'packages', name, 'src'), root))
}

function cyclesIn(source: string, root: string): string[][] {
  if (!existsSync(source)) return []
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?tsx?$/.test(file))
    .map((file) => join(source, file))
  const known = new Set(files)
  const imports = new Map(files.map((file) => [file, importsOf(file, known)]))
  return components(imports)
    .filter((group) => group.length > 1 || imports.get(group[0] as string)?.includes(group[0] as string))
    .map((group) => group.map((file) => relative(root, file)).sort())
}

/** What a file imports of the same package: `./x.js` is the file x.ts. */
const importsOf = (file: string, known: ReadonlySet<string>): string[] =>
  specifiers(file).flatMap(({ specifier }) => {
    if (!specifier.startsWith('.')) return []
    const path = resolve(dirname(file), specifier)
    return [path, path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')].filter((candidate) => known.has(candidate))
  })

/** Strongly connected components (Tarjan's algorithm): files that all reach one another. */
function components(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (file: string): number => {
    order.set(file, order.size)
    let low = order.size - 1
    stack.push(file)
    for (const next of edges.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next))
      else if (stack.includes(next)) low = Math.min(low, order.get(next) as number)
    }
    if (low === order.get(file)) found.push(stack.splice(stack.indexOf(file)))
    return low
  }
  for (const file of edges.keys()) if (!order.has(file)) visit(file)
  return found
}
