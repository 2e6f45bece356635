import { readFileSync } from 'node:fs'

/** What proc_pid_status(5) says; ids are those of the reader's user namespace. */
export interface ProcessStatus {
  readonly parent: number
  /** Real ids. */
  readonly uid: number
  readonly gid: number
  /** Supplementary groups. */
  readonly groups: readonly number[]
  /** Its pid in the innermost pid namespace that it is in. */
  readonly innermostPid: number
}

/** @throws Node's error if there is no such process */
export function processStatus(pid: number): ProcessStatus {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1')
  const numbers = (field: string): number[] =>
    (new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(text)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number)
  const [parent = 0] = numbers('PPid')
  const [uid = 0] = numbers('Uid')
  const [gid = 0] = numbers('Gid')
  return { parent, uid, gid, groups: numbers('Groups'), innermostPid: numbers('NSpid').at(-1) ?? pid }
}
