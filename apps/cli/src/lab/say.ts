import { call, type Step } from '@rt/program'
import { type Language, LINES } from './language.js'

const STDOUT = 1

/** The container's line, printed by the container itself before its exec. */
export const sayInside = (language: Language): Step => {
  const text = `${LINES.inside[language]}\n`
  return {
    name: 'say',
    why: 'the container speaks before it becomes another program',
    'init.confine': [call('write', [STDOUT, text, Buffer.byteLength(text)])],
  }
}
