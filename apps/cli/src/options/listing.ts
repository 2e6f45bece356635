import { flag, many, one } from '../arguments/option.js'

/** How lists are printed. */
export const listingOptions = {
  format: one({
    value: 'FORMAT',
    help: 'table, "table {{.ID}}\\t{{.Size}}", json, or a template of Go such as {{json .}}',
  }),
  'no-trunc': flag({ help: 'digests whole' }),
}

export const filterOption = {
  filter: many({
    short: 'f',
    value: 'KEY=VALUE',
    help: 'only what this holds for: dangling, label, reference, before, since',
  }),
}
