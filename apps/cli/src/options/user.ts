import { CAPABILITIES } from '@rt/sys'
import { flag, many, one } from '../arguments/option.js'
import { oneOf } from '../values/name.js'
import { securityOption } from '../values/security.js'

const CAPABILITY_NAMES = ['ALL', ...Object.keys(CAPABILITIES).map((name) => name.slice('CAP_'.length))]

/** Who the command runs as, and what it may do. */
export const user = {
  user: one({
    short: 'u',
    value: 'USER[:GROUP]',
    complete: 'user',
    help: "user and group, by name in the container's /etc/passwd or by number",
  }),
  'cap-add': many({ value: 'CAP', complete: CAPABILITY_NAMES, help: "add a capability to Docker's 14, or ALL" }),
  'cap-drop': many({ value: 'CAP', complete: CAPABILITY_NAMES, help: 'take a capability away, or ALL' }),
  privileged: flag({ help: 'all capabilities, all devices, nothing masked or read-only' }),
  'security-opt': many({
    value: 'OPTION',
    parse: securityOption,
    complete: ['no-new-privileges', 'systempaths=unconfined'],
    help: 'no-new-privileges: setuid programs gain nothing; systempaths=unconfined: mask nothing in /proc and /sys',
  }),
  userns: one({
    value: 'host|auto|self',
    parse: oneOf('host', 'auto', 'self'),
    complete: ['host', 'auto', 'self'],
    help:
      'user namespace: none (host: the default for root), with the ids of /etc/subuid (auto: the default for others, ' +
      'where they have some), or with your own id alone (self)',
  }),
}
