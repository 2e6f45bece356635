import { readdirSync, readFileSync } from 'node:fs'

/** Children of a process, in the order in which they were born (but for those it has taken up). */
export const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )

/** The host's pid of a container's process 1: the child of the supervisor, which is rt's. */
export function containerPid(rtPid: number): number {
  const [supervisor] = childrenOf(rtPid)
  return childrenOf(supervisor as number)[0] as number
}
