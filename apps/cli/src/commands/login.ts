import { forwardSignals } from '../attach/signals.js'
import { EXIT } from '../exit-codes.js'
import { ask } from '../login/ask.js'
import { loginOptions } from '../options/login.js'
import { print } from '../output.js'
import { warnAbout } from '../progress/warn.js'
import { defineCommand } from './command.js'

/** `rt login [REGISTRY]` */
export const command = defineCommand({
  name: 'login',
  usage: '[OPTIONS] [REGISTRY]',
  operands: 1,
  description: [
    'Check a user and password with a registry (default docker.io), and keep them where docker and podman find them too: with ' +
      'the credential helper that their files name, or in such a file, which its owner alone can read.',
  ],
  examples: [['rt login -u me --password-stdin localhost:5000 < token', 'without anybody seeing the password']],
  groups: [],
  options: loginOptions,
  complete: [],
  async run({ values, rest }, complaints) {
    const [registry] = rest.filter((word) => word !== '--')
    if (values.password !== undefined && values['password-stdin']) {
      complaints.add('--password', 'and --password-stdin: only one of them')
    }
    complaints.throwIfAny('login')
    if (values.password !== undefined) {
      warnAbout([
        'a password on the command line can be seen by others, and stays in the history: use --password-stdin',
      ])
    }
    const { login } = await import('../images.js')
    const signals = forwardSignals()
    try {
      const { file, helper } = await login(registry, values, signals.abort, ask)
      if (helper === undefined) warnAbout([`the password is kept unencrypted in ${file}`])
      print('Login Succeeded\n')
      return EXIT.ok
    } catch (error) {
      throw signals.reason(error)
    } finally {
      signals.stop()
    }
  },
})
