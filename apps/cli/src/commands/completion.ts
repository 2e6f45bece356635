import { invalid } from '../arguments/complaints.js'
import { bashCompletion } from '../completion/bash.js'
import { fishCompletion } from '../completion/fish.js'
import { completionRows } from '../completion/model.js'
import { zshCompletion } from '../completion/zsh.js'
import { EXIT } from '../exit-codes.js'
import { print } from '../output.js'
import { defineCommand } from './command.js'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

/** `rt completion bash` */
export const command = defineCommand({
  name: 'completion',
  usage: 'bash|zsh|fish',
  operands: 1,
  description: ['Print a script that teaches a shell to complete the commands and options of rt.'],
  examples: [
    ['eval "$(rt completion bash)"', 'in ~/.bashrc'],
    ['source <(rt completion zsh)', 'in ~/.zshrc, after compinit'],
    ['rt completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  groups: [],
  options: {},
  complete: Object.keys(SHELLS),
  async run({ rest }, complaints) {
    const [shell] = rest
    const script = complaints.try('SHELL', () => {
      if (shell !== undefined && Object.hasOwn(SHELLS, shell)) return SHELLS[shell as keyof typeof SHELLS]
      throw invalid(`expected bash, zsh or fish, got ${shell === undefined ? 'nothing' : JSON.stringify(shell)}`)
    })
    complaints.throwIfAny('completion')
    if (script) print(script(await completionRows()))
    return EXIT.ok
  },
})
