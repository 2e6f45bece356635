import { flag, one } from '../arguments/option.js'

/** How registries are asked, for every command that does. */
export const registryOptions = {
  'tls-verify': flag({ help: 'check certificates of registries (default true); false also allows plain http' }),
  authfile: one({
    value: 'FILE',
    empty: 'unset',
    complete: 'file',
    help: "credentials for registries (default $REGISTRY_AUTH_FILE, or containers' and Docker's files)",
  }),
}
