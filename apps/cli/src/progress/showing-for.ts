import { getWindowSize } from '@rt/sys'
import { isTerminal } from '../attach/is-terminal.js'
import { printTo } from '../output.js'
import { jsonLines } from './json-lines.js'
import { plainLines } from './plain-lines.js'
import { redrawnLines } from './redrawn-lines.js'
import { type Showing, SILENT } from './showing.js'

/** Lines; on a terminal those of the layers are redrawn in their places. */
export const linesOn = (fd: number): Showing =>
  isTerminal(fd) && process.env.TERM !== 'dumb'
    ? redrawnLines({ write: (text) => printTo(fd, text), size: () => getWindowSize(fd) })
    : plainLines(fd)

/** What the options ask for. */
export const showingFor = (
  values: { readonly quiet?: boolean | undefined; readonly json?: boolean | undefined },
  fd: number,
): Showing => (values.json ? jsonLines(fd) : values.quiet ? SILENT : linesOn(fd))
