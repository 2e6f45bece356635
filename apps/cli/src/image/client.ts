import { RegistryClient } from '@rt/registry'
import type { Values } from '../arguments/option.js'
import type { registryOptions } from '../options/registry.js'
import { warnAbout } from '../progress/warn.js'

/** The client that the options ask for; `using` closes it. */
export const registryClient = (values: Values<typeof registryOptions>): RegistryClient =>
  new RegistryClient({
    ...(values['tls-verify'] === undefined ? {} : { tlsVerify: values['tls-verify'] }),
    ...(values.authfile === undefined ? {} : { authFile: values.authfile }),
    onWarning: (message) => warnAbout([message]),
  })
