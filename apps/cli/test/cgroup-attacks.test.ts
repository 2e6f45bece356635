// requires root, busybox, gcc: containers that mount the host's cgroups in namespaces of their own
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { detectCgroups, type Hierarchy } from '@rt/cgroups'
import { beforeEach, describe, expect, it } from 'vitest'
import { attacker, busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { rt, start } from './rt.js'

const { hierarchies } = detectCgroups()

/** As mount(8) is told: the options of a v1 hierarchy, or the type of v2's. */
const nameOf = ({ version, name, controllers }: Hierarchy): string =>
  version === 2 ? 'cgroup2' : name === undefined ? controllers.join(',') : `name=${name}`

/** Where groups of this name are, in any hierarchy. */
function groupsNamed(name: string): string[] {
  const below = (directory: string): string[] =>
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => {
        const path = join(directory, entry.name)
        return entry.name === name ? [path] : existsSync(path) ? below(path) : []
      })
  return hierarchies.flatMap(({ mountPoint }) => below(mountPoint))
}

function rootWith(...attackers: string[]): string {
  const root = busyboxRoot()
  for (const name of attackers) copyFileSync(attacker(name), join(root, 'bin', name))
  return root
}

/** With the default seccomp filter, and without: the filter must hide no hole. */
const confinement = [
  ['default options', []],
  ['seccomp=unconfined', ['--security-opt', 'seccomp=unconfined']],
  ['seccomp=unconfined and limits', ['--security-opt', 'seccomp=unconfined', '--pids-limit', '20', '-m', '64m']],
  ['a user namespace', ['--security-opt', 'seccomp=unconfined', '--userns', 'self']],
] as const

let count = 0
const unique = (name: string) => `rt-${name}-${process.pid}-${++count}`

describe.each(confinement)('a container with %s', (kind, options) => {
  beforeEach((context) => needs(context, 'root', 'busybox', 'gcc'))

  it('sees no group but its own, whatever it mounts', async () => {
    const [parent, mark] = [unique('attack'), unique('mark')]
    const words = ['--cgroup-parent', `/${parent}`, '--name', 'victim', ...options]
    const container = start([
      ...['run', '-i', ...words, rootWith('mount-cgroups')],
      ...['mount-cgroups', mark, ...hierarchies.map(nameOf)],
    ])
    try {
      const denied = await Promise.race([
        container.says('ready\n').then(() => false),
        container.exited.then(() => true),
      ])
      const lines = container.output().stdout.trim().split('\n')
      if (denied) {
        // A filter that forbids user namespaces is there by default, and only then.
        expect(kind).toBe('default options')
        expect(lines).toEqual([expect.stringMatching(/^unshare: (Operation not permitted|Function not implemented)$/)])
        return
      }
      // Each hierarchy could be mounted, and showed the attacker alone: its shell has become it.
      for (const each of hierarchies) {
        expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${nameOf(each)} mounted 1 0 `)))
      }
      // Seen from outside, what it took for the top is its own group.
      expect(groupsNamed(mark).sort()).toEqual(
        hierarchies.map(({ mountPoint }) => `${mountPoint}/${parent}/victim/${mark}`).sort(),
      )
      // Documented: through such a mount it can write its own group's files, limits among them, as under runc.
      const writable = lines.filter((line) => line.endsWith(' writable')).length
      expect(writable).toBe(hierarchies.length)
    } finally {
      container.child.stdin.end()
      await container.exited
    }
    expect(container.output().stderr).toBe('')
    expect(groupsNamed(parent)).toEqual([])
  })

  it('leaves no group behind, however many it makes, deep and wide, with a forged mark', () => {
    const parent = unique('nest')
    const words = ['--cgroup-parent', `/${parent}`, ...options]
    const root = rootWith('nest-groups')
    const deep = rt(['run', ...words, root, 'nest-groups', '300', '2000', 'devices', 'cgroup2', 'memory'])
    const many = rt(['run', ...words, root, 'nest-groups', '8', '40', ...hierarchies.map(nameOf)])
    for (const { stdout, stderr } of [deep, many]) {
      expect(stdout).toMatch(kind === 'default options' ? /^(made|unshare)/ : /^made \d{3,}/)
      expect(stderr).toBe('')
    }
    expect(groupsNamed(parent)).toEqual([])
  })
})

describe('the group of a container', () => {
  beforeEach((context) => needs(context, 'root', 'busybox'))

  it('is its own in every hierarchy that can be written, without a limit too, and privileged too', async () => {
    for (const options of [[], ['--privileged'], ['--pids-limit', '9']]) {
      const parent = unique('own')
      const words = ['--cgroup-parent', `/${parent}`, '--name', 'x', ...options]
      const container = start(['run', '-i', ...words, '--', 'sh', '-c', 'echo ready; exec cat'])
      await container.says('ready\n')
      const counts = hierarchies.map(({ mountPoint }) => {
        const procs = `${mountPoint}/${parent}/x/cgroup.procs`
        return existsSync(procs) ? readFileSync(procs, 'utf8').trim().split('\n').filter(Boolean).length : 0
      })
      expect(counts).toEqual(hierarchies.map(() => 1))
      container.child.stdin.end()
      expect(await container.exited).toEqual({ status: 0, signal: null })
      expect(groupsNamed(parent)).toEqual([])
    }
  })

  it('is reported when it can’t be removed, and the exit code is the command’s', async () => {
    const parent = unique('stuck')
    const words = ['--cgroup-parent', `/${parent}`, '--name', 'x']
    const container = start(['run', '-i', ...words, '--', 'sh', '-c', 'echo ready; cat; exit 7'])
    await container.says('ready\n')
    const { mountPoint } = hierarchies.find(
      ({ version, controllers }) => version === 1 && controllers.includes('pids'),
    )!
    const below = `${mountPoint}/${parent}/x/below`
    mkdirSync(below)
    // A process of the host's, in this one hierarchy: it is nobody's to kill.
    const other = spawn('sleep', ['60'])
    try {
      writeFileSync(`${below}/cgroup.procs`, String(other.pid))
      container.child.stdin.end()
      expect(await container.exited).toEqual({ status: 7, signal: null })
      expect(container.output().stderr).toMatch(/^rt: warning: cgroup .*not all of it could be removed/)
      expect(groupsNamed(parent)).toEqual([`${mountPoint}/${parent}`])
    } finally {
      const dead = once(other, 'exit')
      other.kill('SIGKILL')
      await dead
      for (const path of [below, `${mountPoint}/${parent}/x`, `${mountPoint}/${parent}`]) rmdirSync(path)
    }
  })
})
