import { flag, one } from '../arguments/option.js'
import { registryOptions } from './registry.js'

/** `rt login` */
export const loginOptions = {
  username: one({ short: 'u', value: 'NAME', empty: 'unset', help: 'the user; asked for on a terminal' }),
  password: one({
    short: 'p',
    value: 'PASSWORD',
    empty: 'unset',
    help: 'the password, for all to see; better asked for',
  }),
  'password-stdin': flag({ help: 'take the password from stdin' }),
  ...registryOptions,
}
