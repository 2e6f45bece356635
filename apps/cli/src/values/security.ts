import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

export type SecurityOption = 'no-new-privileges' | 'systempaths=unconfined' | 'already so' | SeccompOption

/** A file's name, `unconfined`, or `builtin`: Docker's words. */
export type SeccompOption = `seccomp=${string}`

/** Docker's `--security-opt`. `no-new-privileges`, `=true` and `:true` are the same; `seccomp:FILE` is an old `seccomp=FILE`. */
export function securityOption(text: string): SecurityOption | undefined {
  const [, name = '', value] = /^([^=:]+)(?:[=:](.*))?$/.exec(text) ?? []
  if (name === 'no-new-privileges') {
    if (value === undefined || value === 'true') return name
    if (value === 'false') return undefined
  }
  if (name === 'systempaths' && value === 'unconfined') return 'systempaths=unconfined'
  if (name === 'seccomp' && value) return `seccomp=${value}`
  // rt confines by none of these yet, so that asking for it changes nothing.
  if (name === 'apparmor' && value === 'unconfined') return 'already so'
  if (name === 'label' && value === 'disable') return 'already so'
  throw invalid(
    `expected no-new-privileges, seccomp=FILE, seccomp=unconfined or systempaths=unconfined, got ${quote(text)}`,
    ['apparmor', 'label'].includes(name) ? `rt has no ${name} profiles yet` : undefined,
  )
}

/** `--security-opt` of a program for a running container. */
export function seccompOption(text: string): SeccompOption {
  const option = securityOption(text)
  if (option?.startsWith('seccomp=')) return option as SeccompOption
  throw invalid(`expected seccomp=FILE or seccomp=unconfined, got ${quote(text)}`)
}
