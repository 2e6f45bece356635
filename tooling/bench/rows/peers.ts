import { bubblewrap, crun, runc } from '../candidates/peers.js'
import { inProcess } from '../candidates/rt.js'
import { type Row, ratio } from '../row.js'

export const row: Row = {
  name: 'peers',
  what: 'start to exit of /bin/true with Docker’s defaults, against the other runtimes',
  unit: 'ms',
  candidates: [
    () => inProcess(),
    bubblewrap,
    () => crun('without cgroup'),
    () => inProcess('with cgroup'),
    () => crun('with cgroup'),
    runc,
  ],
  // The same on both sides: bubblewrap makes no cgroup, runc can't be told to make none.
  budgets: [
    ratio('rt in-process', 'bubblewrap', 0.6),
    ratio('rt in-process', 'crun without cgroup', 0.4),
    ratio('rt with cgroup', 'crun with cgroup', 0.25),
    ratio('rt with cgroup', 'runc', 0.15),
  ],
  rounds: 40,
}
