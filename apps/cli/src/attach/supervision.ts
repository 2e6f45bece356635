import type { CompileOptions } from '@rt/program'
import type { TerminalMode } from '../options/terminal.js'

/** What a supervisor does that no Node is beside: that of `rt run`, and of what `rt compile` writes. */
export const supervision = (
  { interactive }: TerminalMode,
  stop: number | undefined,
): NonNullable<CompileOptions['supervision']> => ({
  signals: { stop, insist: 3 },
  stdin: interactive ? 'inherit' : 'null',
  terminal: interactive ? 'relay' : 'output',
})
