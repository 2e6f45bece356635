import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runc } from '../candidates/peers.js'
import { benchRoot } from '../root.js'
import { type Candidate, type Row, Unavailable } from '../row.js'
import { commandCandidate } from '../spawner.js'

const built = fileURLToPath(new URL('../../../apps/cli/dist/rt.js', import.meta.url))

function rt(): Candidate {
  if (!existsSync(built)) throw new Unavailable('the CLI is not built: npm run build')
  return commandCandidate('rt run', [process.execPath, built, 'run', benchRoot(), '/bin/true'])
}

export const row: Row = {
  name: 'cli',
  what: '`rt run ROOT /bin/true` as a command',
  unit: 'ms',
  candidates: [rt, () => commandCandidate('node -e 0', [process.execPath, '-e', '0']), runc],
  budgets: [
    { what: 'rt run - node -e 0', value: (m) => m('rt run') - m('node -e 0'), atMost: 20, unit: 'ms' },
    {
      what: 'rt run / (runc + node -e 0)',
      value: (m) => m('rt run') / (m('runc') + m('node -e 0')),
      atMost: 1,
      unit: '×',
    },
  ],
  rounds: 30,
}
