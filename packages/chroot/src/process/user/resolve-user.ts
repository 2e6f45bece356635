import { NGROUPS_MAX, type OptionKeys, quote, RtError, refuseUnknownOptions } from '@rt/sys'
import { refuse } from '../../complaints.js'
import type { RootLookup } from '../../root/path-in-root.js'
import { readFileInRoot } from '../../root/read-in-root.js'
import { type Account, type Group, parseGroup, parsePasswd } from './account-files.js'
import { type Principal, parsePrincipal, parseUserSpec } from './user-spec.js'

/** Who the container's program is: what `user` sets. */
export interface Identity {
  readonly uid: number
  readonly gid: number
  /** Supplementary groups; the first is `gid` (CVE-2022-36109). */
  readonly groups: readonly number[]
}

/** An identity, and what else the root's own passwd says about it. */
export interface ResolvedUser extends Identity {
  /** For $HOME: the home directory of passwd, "/" if it has none. Bytes if it is not UTF-8. */
  readonly home: string | Uint8Array
  /** The name in passwd, if it is there. Bytes if it is not UTF-8. */
  readonly name?: string | Uint8Array
}

export interface ResolveUserOptions {
  /** Supplementary groups besides those of /etc/group, by name or number (`--group-add`). */
  readonly groupAdd?: readonly string[]
  /** The option that asked, for complaints; default `--user`. */
  readonly path?: string
}

/** Bytes of passwd and group that are read: some 15,000 users. */
const LONGEST_FILE = 1 << 20

const OPTIONS: OptionKeys<ResolveUserOptions> = { groupAdd: true, path: true }

/**
 * Find `USER[:GROUP]`, each a name or a number, in the passwd and group of a root filesystem, with Docker's rules:
 *
 * - a name must be in passwd (group); a number need not: then the gid is 0 and there are no supplementary groups
 * - without GROUP the gid is passwd's, and the groups that list the user as a member are added
 * - with GROUP the gid is that group, and /etc/group adds none
 *
 * Unlike with Docker, digits are never a name (see {@link parseUserSpec}). A look at the host.
 *
 * @param root fd of the root directory, or what looks into it; the files are found beneath it, whatever symlinks they are
 * @throws RtError RT_INVALID_OPTION (the spec), RT_NOT_FOUND (no such name), RT_WRONG_TYPE (passwd is a fifo, …),
 *   RT_LIMIT (passwd is larger than 1 MiB)
 */
export function resolveUser(root: number | RootLookup, spec: string, options: ResolveUserOptions = {}): ResolvedUser {
  refuseUnknownOptions('resolveUser', options, OPTIONS)
  const { path = '--user', groupAdd = [] } = options
  const wanted = parseUserSpec(spec, path)
  const added = parseGroupAdd(groupAdd)
  const accounts = parsePasswd(readFileInRoot(root, 'etc/passwd', LONGEST_FILE) ?? Buffer.alloc(0))
  const account = find(accounts, wanted.user, (each) => each.uid)
  if (!account && 'name' in wanted.user) throw notFound('user', wanted.user.name, 'passwd', accounts, path)

  const needsGroups = account || wanted.group || added.length > 0
  const groups = needsGroups ? parseGroup(readFileInRoot(root, 'etc/group', LONGEST_FILE) ?? Buffer.alloc(0)) : []
  const gidOf = (group: Principal, origin: string): number => {
    if ('id' in group) return group.id
    const found = find(groups, group, (each) => each.gid)
    if (found) return found.gid
    throw notFound('group', group.name, 'group', groups, origin)
  }
  const uid = 'id' in wanted.user ? wanted.user.id : (account as Account).uid
  const gid = wanted.group ? gidOf(wanted.group, path) : (account?.gid ?? 0)
  const supplementary = account && !wanted.group ? memberships(groups, account) : []
  const all = new Set([gid, ...supplementary, ...added.map((group) => gidOf(group, '--group-add'))])
  if (all.size > NGROUPS_MAX) {
    throw new RtError('RT_LIMIT', `user ${quote(spec)} is in ${all.size} groups; the kernel takes ${NGROUPS_MAX}`)
  }
  return {
    uid,
    gid,
    groups: [...all],
    home: account?.home.startsWith('/') ? text(account.home) : '/',
    ...(account ? { name: text(account.name) } : {}),
  }
}

function parseGroupAdd(names: readonly string[]): Principal[] {
  const parsed = names.map((name) => ({ name, principal: parsePrincipal(name) }))
  refuse(
    'cannot add these groups',
    parsed.flatMap(({ name, principal }) =>
      typeof principal === 'string' ? [{ path: '--group-add', message: `group ${quote(name)} ${principal}` }] : [],
    ),
  )
  return parsed.map(({ principal }) => principal as Principal)
}

/** One character per byte, as in {@link Account}. */
const latin1 = (name: string): string => Buffer.from(name).toString('latin1')

function find<T extends { readonly name: string }>(
  entries: readonly T[],
  wanted: Principal,
  idOf: (entry: T) => number,
): T | undefined {
  if ('id' in wanted) return entries.find((entry) => idOf(entry) === wanted.id)
  const name = latin1(wanted.name)
  return entries.find((entry) => entry.name === name)
}

const memberships = (groups: readonly Group[], account: Account): number[] =>
  groups.filter((group) => group.members.includes(account.name)).map((group) => group.gid)

/** UTF-8 as a string, other bytes as they are. */
function text(bytes: string): string | Uint8Array {
  const raw = Buffer.from(bytes, 'latin1')
  const decoded = raw.toString()
  return Buffer.from(decoded).equals(raw) ? decoded : new Uint8Array(raw)
}

function notFound(
  kind: 'user' | 'group',
  name: string,
  file: string,
  entries: readonly { readonly name: string }[],
  origin: string,
): RtError {
  const some = entries.slice(0, 8).map((entry) => quote(text(entry.name)))
  return new RtError('RT_NOT_FOUND', `no ${kind} ${quote(name)} in the root's own /etc/${file}`, {
    origin,
    hint:
      some.length === 0
        ? `the root has no /etc/${file} with entries: give a number`
        : `it knows ${some.join(', ')}${entries.length > some.length ? ', …' : ''}; a number need not be in it`,
  })
}
