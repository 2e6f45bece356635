import { spawnSync } from 'node:child_process'

/** The compiler whose headers say what is true on an architecture. */
export const COMPILERS = { x64: 'gcc', arm64: 'aarch64-linux-gnu-gcc' } as const

export const hasCompiler = (compiler: string): boolean => spawnSync(compiler, ['--version']).status === 0

/** Every macro that these headers define. */
export function macrosOf(compiler: string, headers: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync(compiler, ['-dM', '-E', '-x', 'c', '-'], {
    input: headers.map((header) => `#include <${header}>\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(stderr)
  return Array.from(stdout.matchAll(/^#define (\w+)/gm), (match) => match[1] as string)
}

/**
 * Compile, without running, static assertions: each a C expression that must be true. With a `when`, a macro's name, it
 * is asserted only where the headers define that.
 *
 * @returns the expressions that are false
 */
export function falseAssertions(
  compiler: string,
  headers: readonly string[],
  assertions: readonly { readonly expression: string; readonly when?: string }[],
): string[] {
  const source = [
    '#define _GNU_SOURCE',
    '#include <stddef.h>',
    ...headers.map((header) => `#include <${header}>`),
    ...assertions.map(({ expression, when }) => {
      const assertion = `_Static_assert(${expression}, ${JSON.stringify(expression)});`
      return when === undefined ? assertion : `#ifdef ${when}\n${assertion}\n#endif`
    }),
  ].join('\n')
  const { stderr, status } = spawnSync(compiler, ['-fsyntax-only', '-fmax-errors=0', '-x', 'c', '-'], {
    input: source,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  const found = Array.from(stderr.matchAll(/static assertion failed: "(.*)"$/gm), (match) => match[1] as string)
  if (status !== 0 && found.length === 0) throw new Error(stderr)
  return found
}
