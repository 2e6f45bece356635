import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  read,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { capabilities, DEFAULT_CAPABILITIES, exec, root, workingDirectory } from '@rt/chroot'
import {
  bind,
  DEFAULT_MASKED_PATHS,
  DEFAULT_READONLY_PATHS,
  defaultMounts,
  device,
  directoryTree,
  fileMounts,
  namespaces,
  tmpfs,
} from '@rt/mountns'
import { buffer, call, type Exit, run, type Step, type StepList, sequence } from '@rt/program'
import { AT_FDCWD, O_CLOEXEC, RENAME_EXCHANGE, RtError, renameat2, syscall } from '@rt/sys'
import { attacker, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { NOBODY, tinyRoot } from './inside.js'

/** Somebody swaps two names of a directory root while containers start on it. */
export interface Race {
  /** The names that change places, in the root. */
  readonly names: readonly [string, string]
  /** `between` comes at the worst moment: what was mounted is looked up again after it. */
  readonly mounts: (place: RacedRoot, between: StepList) => StepList
  readonly after?: StepList
  /** What the second name is; default: a directory. */
  readonly other?: (place: RacedRoot) => void
}

export interface RacedRoot {
  readonly root: string
  /** A directory of the host where nothing may be made or changed. */
  readonly victim: string
  /** A directory of the host that is mounted as a volume. */
  readonly volume: string
}

/** Starts of each race in `npm test`; race.long.ts has more. */
export const STARTS = 300
export const RACERS = ['its owner', 'another container'] as const
/** Who swaps: the plain user who owns the directory, or a default container that runs on the same one. */
export type Racer = (typeof RACERS)[number]

const SECRET = 'secret\n'

/** From the container, the victim's directory lies where the symlink leads: outside. */
const linkToVictim =
  (name: string) =>
  ({ root, victim }: RacedRoot): void =>
    symlinkSync(`../../../../../../../..${victim}`, join(root, name))

/**
 * Each place where a path of the container is looked up while it starts. What is "unprotected" the program
 * `unprotected` tells, inside; what is changed outside, `intruders`.
 */
export const RACES: Readonly<Record<string, Race>> = {
  proc: { names: ['proc', 'proc2'], mounts: (_, between) => defaultMounts({ mounts: between }) },
  sys: { names: ['sys', 'sys2'], mounts: (_, between) => defaultMounts({ mounts: between }) },
  'the file systems of the kernel, with each other': {
    names: ['proc', 'sys'],
    mounts: (_, between) => defaultMounts({ mounts: between }),
  },
  dev: {
    names: ['dev', 'dev2'],
    mounts: (_, between) =>
      defaultMounts({
        mounts: [
          between,
          device({ path: '/dev/extra', type: 'c', major: 1, minor: 3 }),
          device({ path: '/dev/bound', type: 'c', major: 1, minor: 3, source: '/dev/null' }, { how: 'bind' }),
        ],
      }),
  },
  'a volume’s destination': {
    names: ['data', 'data2'],
    mounts: ({ volume }, between) =>
      defaultMounts({
        mounts: [bind({ source: volume, destination: '/data' }), between],
        masked: [...DEFAULT_MASKED_PATHS, '/data/secret'],
        readonly: [...DEFAULT_READONLY_PATHS, '/data/fixed'],
      }),
  },
  'a volume’s destination, with a symlink': {
    names: ['data', 'data2'],
    mounts: ({ volume }, between) =>
      defaultMounts({
        mounts: [bind({ source: volume, destination: '/data/a/b' }), between, tmpfs({ destination: '/data/c/d' })],
      }),
    other: linkToVictim('data2'),
  },
  'the directory of the files with names': {
    names: ['etc', 'etc2'],
    mounts: (_, between) =>
      defaultMounts({ mounts: [between, fileMounts([{ destination: '/etc/made/hosts', content: 'x' }])] }),
    other: linkToVictim('etc2'),
  },
  'the working directory’s parent': {
    names: ['work', 'work2'],
    mounts: (_, between) => defaultMounts({ mounts: between }),
    after: workingDirectory('/work/made/here'),
    other: linkToVictim('work2'),
  },
}

/** A root with the attackers in it; it belongs to the plain user if he is the one who swaps. */
function racedRoot({ names, other }: Race, racer: Racer): RacedRoot {
  const root = tinyRoot()
  const [victim, volume] = [temporaryFolder('victim'), temporaryFolder('volume')]
  // mkdtemp closes a folder to others.
  chmodSync(dirname(root), dirname(root) === tmpdir() ? 0o1777 : 0o711)
  for (const name of ['exchange-names', 'exchange-own-names', 'unprotected']) {
    copyFileSync(attacker(name), join(root, name))
  }
  for (const name of ['secret', 'fixed']) writeFileSync(join(volume, name), SECRET)
  writeFileSync(join(victim, 'canary'), 'canary')
  const place = { root, victim, volume }
  mkdirSync(join(root, 'mnt'))
  for (const name of names) {
    if (name === names[1] && other) other(place)
    else mkdirSync(join(root, name), { recursive: true })
  }
  if (racer === 'its owner') chownSync(root, NOBODY, NOBODY)
  return place
}

const OWN = { mount: true, pid: true, uts: true, ipc: true, net: true, cgroup: true }

const containerPlan = (place: RacedRoot, mounts: StepList, command: readonly string[], after?: StepList) =>
  sequence(
    namespaces(OWN),
    root(directoryTree(place.root), mounts),
    after,
    capabilities(DEFAULT_CAPABILITIES),
    exec(command, { env: [] }),
  )

/** Start the racer; what is returned ends it. */
async function startRacer(racer: Racer, place: RacedRoot, [a, b]: Race['names']): Promise<() => Promise<void>> {
  if (racer === 'its owner') {
    const process = spawn(join(place.root, 'exchange-names'), [place.root, a, b, '0'], {
      uid: NOBODY,
      gid: NOBODY,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await Promise.race([
      once(process.stdout, 'data'),
      once(process, 'exit').then(([code]) => {
        throw new Error(`the racer ended with ${code}`)
      }),
    ])
    return async () => {
      process.kill('SIGKILL')
      await once(process, 'exit')
    }
  }
  const plan = containerPlan(place, defaultMounts(), ['/exchange-own-names', a, b, '0'])
  const container = await run(plan, { stdio: ['null', 'pipe', 'inherit'] })
  await Promise.race([
    once(container.stdout as NodeJS.ReadableStream, 'data'),
    container.exited.then((exit) => {
      throw new Error(`the racer ended with ${JSON.stringify(exit)}`)
    }),
  ])
  return async () => {
    container.kill('SIGKILL')
    await container.exited
  }
}

export interface RaceOutcome {
  readonly started: number
  /** Of those, by what could be reached. */
  readonly unprotected: Readonly<Record<string, number>>
  /** Starts that failed, by the error. */
  readonly refused: Readonly<Record<string, number>>
  /** What lies on the host where nothing should. */
  readonly intruders: readonly string[]
  /** How many things the first name meant, when it was looked at after each start: 2, if there was a race. */
  readonly meanings: number
}

/** Start so many containers while two names of their root change places. */
export async function race(kind: Race, racer: Racer, starts: number): Promise<RaceOutcome> {
  const place = racedRoot(kind, racer)
  const stop = await startRacer(racer, place, kind.names)
  const unprotected: Record<string, number> = {}
  const refused: Record<string, number> = {}
  const count = (table: Record<string, number>, key: string) => {
    table[key] = (table[key] ?? 0) + 1
  }
  const meanings = new Set<bigint>()
  let started = 0
  const plan = containerPlan(place, kind.mounts(place, []), ['/unprotected'], kind.after)
  try {
    for (let i = 0; i < starts; i++) {
      try {
        const container = await run(plan, { stdio: ['null', 'null', 'inherit'] })
        const exit = await container.exited
        started++
        if (!('code' in exit) || exit.code !== 0) count(unprotected, JSON.stringify(exit))
      } catch (error) {
        if (!RtError.isInstance(error)) throw error
        count(refused, `${error.step}: ${error.code}`)
      }
      meanings.add(lstatSync(join(place.root, kind.names[0]), { bigint: true }).ino)
    }
  } finally {
    await stop()
  }
  return { started, unprotected, refused, intruders: intruders(place), meanings: meanings.size }
}

function intruders({ root, victim, volume }: RacedRoot): string[] {
  const devices = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isCharacterDevice() || entry.isBlockDevice())
    .map(({ name }) => name)
  const made = readdirSync(victim).filter((name) => name !== 'canary')
  const changed = ['secret', 'fixed'].filter((name) => readFileSync(join(volume, name), 'utf8') !== SECRET)
  return [...devices, ...made, ...changed]
}

/** Init says that it has come so far, and waits for a byte. */
const HALT: Step = {
  name: 'halt',
  why: 'somebody swaps two names just now',
  'init.mount': [call('write', [1, 'r', 1]), call('read', [0, buffer('byte', 8), 1])],
}

/** Start one container, and swap the names once, at the worst moment. No luck is needed. */
export async function swapOnce(kind: Race): Promise<Pick<RaceOutcome, 'unprotected' | 'refused' | 'intruders'>> {
  const place = racedRoot(kind, 'another container')
  const plan = containerPlan(place, kind.mounts(place, HALT), ['/unprotected'], kind.after)
  const [stdin, go] = pipe()
  const [ready, stdout] = pipe()
  const ended = run(plan, { stdio: [stdin, stdout, 'inherit'] }).then(
    async (container) => ({ unprotected: code(await container.exited), refused: {} }),
    (error: RtError) => ({ unprotected: {}, refused: { [`${error.step}: ${error.code}`]: 1 } }),
  )
  // The container has copies of its own: a start that fails ends the reading.
  closeSync(stdin)
  closeSync(stdout)
  const { bytesRead } = await promisify(read)(ready, Buffer.alloc(1), 0, 1, null)
  const [a, b] = kind.names.map((name) => join(place.root, name)) as [string, string]
  renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)
  if (bytesRead === 1) writeSync(go, 'x')
  closeSync(go)
  const outcome = await ended
  closeSync(ready)
  if (bytesRead !== 1) throw new Error(`it did not come so far: ${JSON.stringify(outcome)}`)
  return { ...outcome, intruders: intruders(place) }
}

const code = (exit: Exit): Record<string, number> =>
  'code' in exit && exit.code === 0 ? {} : { [JSON.stringify(exit)]: 1 }

function pipe(): [read: number, write: number] {
  const ends = new Int32Array(2)
  syscall('pipe2', new Uint8Array(ends.buffer), O_CLOEXEC)
  return [ends[0] as number, ends[1] as number]
}
