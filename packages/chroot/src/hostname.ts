import { call, type Step } from '@rt/program'

/** sethostname(2) in the container's UTS namespace. */
export const hostname = (name: string, origin = 'default'): Step => ({
  name: 'hostname',
  why: 'its own name',
  origin,
  inside: [call('sethostname', [name, Buffer.byteLength(name)])],
})
