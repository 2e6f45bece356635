import { CAPABILITIES } from '@rt/sys'

/** What --cap-add and --cap-drop offer: capabilities(7) as Docker writes them. */
export const CAPABILITY_NAMES: readonly string[] = [
  'ALL',
  ...Object.keys(CAPABILITIES).map((name) => name.slice('CAP_'.length)),
]
