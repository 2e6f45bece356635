import { scoped } from '../assemble/operands.js'
import type { Site } from '../assemble/operation.js'
import type { Ref } from '../language/instruction.js'

/** What words stand for, by their full names: the `of` of the instruction that saves them. */
export class Naming {
  private readonly saves = new Map<string, { index: number; of: string | undefined }[]>()

  constructor(private readonly sites: readonly Site[]) {
    sites.forEach((site, index) => {
      const { instruction } = site
      if (site.helper !== undefined || !('save' in instruction) || instruction.save === undefined) return
      const name = scoped(instruction.save, `${site.step}.`)
      const list = this.saves.get(name)
      const save = { index, of: 'of' in instruction ? instruction.of : undefined }
      if (list) list.push(save)
      else this.saves.set(name, [save])
    })
  }

  /** What the word stands for at operation `at`: by the nearest instruction before it that saves it. */
  of(name: Ref['ref'], at: number): string | undefined {
    return this.savedAt(name, at)?.of
  }

  /** Index of the operation whose result the word holds at operation `at`. */
  savedAt(name: string, at: number): { index: number; of: string | undefined } | undefined {
    const site = this.sites[at]
    const list = site && this.saves.get(scoped(name, `${site.step}.`))
    return list?.findLast((save) => save.index < at) ?? list?.[0]
  }
}
