import { call, type Instruction, type Step } from '@rt/program'
import { AT_FDCWD, AT_RECURSIVE, type Complaint, OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE, quote } from '@rt/sys'
import { attach, closeInSupervisor } from '../destination/attach.js'
import { cleanDestination } from '../destination/destination.js'
import { verifyKernelsOwn } from '../instructions/verify.js'
import { applyOptions } from '../options/attributes.js'
import type { ParsedMountOptions } from '../options/parse-mount-options.js'
import { PROPAGATION, type Propagation } from '../options/propagation.js'
import { mapOwners } from '../tree/id-mapped.js'
import { type Mount, mountField } from './mount-entry.js'

export function checkBind(bound: Mount, { parameters }: ParsedMountOptions): Complaint[] {
  const complaints: Complaint[] = []
  const { source } = bound
  if (source === undefined || !source.startsWith('/') || source.includes('\0')) {
    const message = `expected an absolute path, got ${source === undefined ? 'nothing' : quote(source)}`
    complaints.push({ path: mountField(bound, 'source'), message })
  }
  for (const { name } of parameters) {
    complaints.push({
      path: mountField(bound, 'options'),
      message: `${quote(name)} is no option of a bind mount`,
    })
  }
  return complaints
}

export function bindPhases(bound: Mount, parsed: ParsedMountOptions): Pick<Step, 'host.open' | 'meets' | 'init.mount'> {
  return {
    'host.open': [
      ...openSource(bound.source as string, parsed),
      ...verifyKernelsOwn('source', cleanDestination(bound.destination)),
    ],
    meets: [
      {
        at: 'init.enter',
        host: [...(parsed.idmap ? mapOwners(['source'], parsed.idmap.recursive) : []), closeInSupervisor('source')],
      },
    ],
    'init.mount': attach('source', bound.destination, { make: { like: 'source' }, symlinks: 'in-root' }),
  }
}

/** A detached copy of what is mounted at a path of outside, saved under `source`, with the options applied. */
function openSource(source: string, parsed: ParsedMountOptions): Instruction[] {
  const recursive = parsed.bind?.recursive ?? true
  return [
    call('open_tree', [AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0)], {
      save: 'source',
      of: source,
      why: 'opened while outside is in sight: the name is not looked up again',
      hints: {
        ENOENT: `${quote(source)} does not exist on the host: make it first`,
        EINVAL: 'in a user namespace, what is mounted below a directory cannot be left out: use rbind',
      },
    }),
    ...applyOptions('source', { ...parsed, propagation: copyPropagation(parsed.propagation, recursive) }),
  ]
}

/**
 * A copy of a shared mount is its peer: what the container mounts below it would show up on the host. So it is made
 * private first of all, unless the options say otherwise; `slave` and the like then include the mounts below, which
 * would otherwise stay peers.
 */
function copyPropagation(words: readonly Propagation[], recursive: boolean): readonly Propagation[] {
  if (words.length === 0) return [recursive ? 'rprivate' : 'private']
  if (!recursive) return words
  return words.map((word) => (PROPAGATION[word].recursive || word === 'shared' ? word : (`r${word}` as Propagation)))
}
