import { printTo } from '../output.js'
import { isLasting } from './part-line.js'
import { PAUSE, type Showing } from './showing.js'

/**
 * Lines of JSON, as Docker's API sends them (POST /images/create).
 *
 * @param now milliseconds of a clock
 */
export function jsonLines(fd: number, now: () => number = Date.now): Showing {
  const told = new Map<string, { readonly status: string; readonly at: number }>()
  const say = (data: object) => printTo(fd, `${JSON.stringify(data)}\n`)
  return {
    line: (status) => say({ status }),
    part(part) {
      const { id, status, current, total } = part
      const lasts = isLasting(part)
      const last = told.get(id)
      if (lasts && last?.status === status && now() - last.at < PAUSE && current !== total) return
      told.set(id, { status, at: now() })
      say({ status, progressDetail: lasts ? { current, total } : {}, id })
    },
    end() {},
  }
}
