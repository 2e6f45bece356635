import type { CgroupHost } from '@rt/cgroups'

/** What one look at the host found. */
export interface Check {
  /** What was looked at: `kernel`, `user namespaces`. */
  readonly name: string
  /** `fail`: `rt run` can't work here; `warn`: something of it can't. */
  readonly status: 'ok' | 'warn' | 'fail'
  /** What is there. */
  readonly finding: string
  /** What to do about it. */
  readonly remedy?: string
}

/** The host, as far as checks look at it; tests give them another one. */
export interface Host {
  /** A file's text, or undefined if it can't be read. */
  read(path: string): string | undefined
  exists(path: string): boolean
  /** The result of a system call: minus the errno if it failed. */
  call(name: string, ...args: (number | string | null)[]): number
  readonly cgroups: CgroupHost
  readonly uid: number
  readonly userName: string
  readonly release: string
  readonly arch: string
}

export const ok = (name: string, finding: string): Check => ({ name, status: 'ok', finding })
export const warn = (name: string, finding: string, remedy: string): Check => ({
  name,
  status: 'warn',
  finding,
  remedy,
})
export const fail = (name: string, finding: string, remedy: string): Check => ({
  name,
  status: 'fail',
  finding,
  remedy,
})
