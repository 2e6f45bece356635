import { compute, goto } from '../language/instruction.js'
import { NO_FD, type Watch, watched } from './watch.js'

/** A pipe that nobody reads is an error at once, whatever was asked for: Node is dead, and init has to go too. */
export const nodeGone = (status: number): Watch => ({
  name: '$node',
  begin: watched('$node', status, 0),
  ready: () => [compute('$node.fd', NO_FD), goto('$kill')],
})
