import { flag, one } from '../arguments/option.js'

/** Where images and layers are kept. */
export const storeOptions = {
  'root-dir': one({
    value: 'DIR',
    empty: 'unset',
    complete: 'directory',
    help: 'where images and layers are kept (default /var/lib/rt, or ~/.local/share/rt for a plain user)',
  }),
}

/** What commands that take a while say meanwhile. */
export const progressOptions = {
  quiet: flag({ short: 'q', help: 'say nothing but the result' }),
  json: flag({ help: 'say what happens as lines of JSON' }),
}
