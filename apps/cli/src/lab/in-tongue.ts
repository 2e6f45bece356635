import { writeSync } from 'node:fs'
import { RtError, SyscallError } from '@rt/sys'
import { exitCodeOf } from '../exit-codes.js'
import { inChinese, translated } from './chinese.js'
import type { Language } from './language.js'

const STDERR = 2

/** Run the lab; what goes wrong is told in its language, too. Answers with the exit code. */
export async function inTongue(language: Language, run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (language === 'en' || !RtError.isInstance(error)) throw error
    writeSync(STDERR, `rt：${chineseError(error)}\n`)
    return exitCodeOf(error)
  }
}

/** As formatError of @rt/sys. A hint that nobody has translated is left out: the call says what failed. */
function chineseError(error: RtError): string {
  const { step, origin, summary, complaints = [], hint } = error
  const asked = origin === undefined ? '' : translated(origin, 'zh')
  const where = step === undefined ? asked : `步骤“${translated(step, 'zh')}”${asked === '' ? '' : `（${asked}）`}`
  const remedy = hint === undefined ? undefined : inChinese(hint)
  return [
    `${where === '' ? '' : `${where}：`}${translated(summary, 'zh')}`,
    ...complaints.map((each) => `  ${each.path}：${translated(each.message, 'zh')}`),
    ...(SyscallError.isInstance(error) ? [`  ${error.call}`] : []),
    ...(remedy === undefined ? [] : [`  提示：${remedy}`]),
  ].join('\n')
}
