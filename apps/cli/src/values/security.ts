import { invalid } from '../arguments/complaints.js'
import { quote } from './quote.js'

export type SecurityOption = 'no-new-privileges' | 'systempaths=unconfined' | 'already so'

/** Docker's `--security-opt`. `no-new-privileges`, `=true` and `:true` are the same. */
export function securityOption(text: string): SecurityOption | undefined {
  const [, name = '', value] = /^([^=:]+)(?:[=:](.*))?$/.exec(text) ?? []
  if (name === 'no-new-privileges') {
    if (value === undefined || value === 'true') return name
    if (value === 'false') return undefined
  }
  if (name === 'systempaths' && value === 'unconfined') return 'systempaths=unconfined'
  // rt confines by none of these yet, so that asking for it changes nothing.
  if ((name === 'seccomp' || name === 'apparmor') && value === 'unconfined') return 'already so'
  if (name === 'label' && value === 'disable') return 'already so'
  throw invalid(
    `expected no-new-privileges or systempaths=unconfined, got ${quote(text)}`,
    ['seccomp', 'apparmor', 'label'].includes(name) ? `rt has no ${name} profiles yet` : undefined,
  )
}
