import { printTo } from '../output.js'
import { isLasting } from './part-line.js'
import type { Showing } from './showing.js'

/** A line for each status that a layer comes to; not for how far it is. */
export function plainLines(fd: number): Showing {
  const last = new Map<string, string>()
  return {
    line: (text) => printTo(fd, `${text}\n`),
    part(part) {
      const { id, status } = part
      if (last.get(id) === status || isLasting(part)) return
      last.set(id, status)
      printTo(fd, `${id}: ${status}\n`)
    },
    end() {},
  }
}
