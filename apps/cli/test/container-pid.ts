import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Children of a process, in the order in which they were born (but for those it has taken up). */
export const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )

/**
 * The host's pid of a container's process 1: below rt, be it the supervisor itself or a Node beside it, the first that is in
 * another mount namespace. (The supervisor's heir is not.)
 */
export function containerPid(rtPid: number): number {
  const outside = readlinkSync(`/proc/${rtPid}/ns/mnt`)
  const inside = (pid: number): number[] =>
    childrenOf(pid).flatMap((child) => (readlinkSync(`/proc/${child}/ns/mnt`) === outside ? inside(child) : [child]))
  return inside(rtPid)[0] as number
}
