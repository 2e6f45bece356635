// requires nothing: the types are read, and functions that look at nothing are called
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cgroup, describeCgroups, join as joinGroup, planCreation } from '@rt/cgroups'
import * as chroot from '@rt/chroot'
import * as mountns from '@rt/mountns'
import { assemble, compile, create, explain, replace, run, sequence, trace } from '@rt/program'
import * as seccomp from '@rt/seccomp'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import * as image from '../../packages/image/src/index.js'
import * as registry from '../../packages/registry/src/index.js'
import { prepare, readArchive, TarReader, unpack } from '../../packages/rootfs/src/index.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

const config = ts.getParsedCommandLineOfConfigFile(
  join(root, 'tsconfig.json'),
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(String(diagnostic.messageText))
    },
  },
) as ts.ParsedCommandLine
const indexes = readdirSync(join(root, 'packages'))
  .map((name) => join(root, 'packages', name, 'src/index.ts'))
  .filter(existsSync)
const program = ts.createProgram(indexes, config.options)
const checker = program.getTypeChecker()

/** What each package exports, aliases resolved. */
const exported = indexes.flatMap((file) => {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile) as ts.Symbol
  const name = file.split('/').at(-3) as string
  return checker.getExportsOfModule(module).map((symbol) => ({
    name,
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }))
})

describe('what has close, remove, kill or dispose', () => {
  const ends = /^(close|remove|kill|dispose)$/
  const things = exported
    .filter(({ symbol }) => symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class))
    .map(({ name, symbol }) => ({
      name: `${name}: ${symbol.name}`,
      members: checker
        .getDeclaredTypeOfSymbol(symbol)
        .getProperties()
        .map((each) => each.name),
    }))
    .filter(({ members }) => members.some((member) => ends.test(member)))

  it('is found', () => {
    expect(things.map(({ name }) => name).sort()).toEqual([
      'cgroups: Cgroup',
      'image: Lease',
      'program: Container',
      'registry: RegistryClient',
      'rootfs: RootFilesystem',
      'rootfs: RootView',
    ])
  })

  it.each(things)('can be given to `using`: $name', ({ members }) => {
    expect(members.some((member) => /^__@(dispose|asyncDispose)@/.test(member))).toBe(true)
  })
})

type Options = Record<string, unknown>
const plan = sequence({ name: 'exec', why: 'a test', 'init.mount': [] })
const ids = { uid: 0, gid: 0, groups: [] }
const nowhere = '/rt-nowhere'
const range = [{ containerID: 0, hostID: 0, size: 1 }]
const registryClient = () => new registry.RegistryClient({ registriesConf: false })
const group = () => cgroup('/rt-nowhere', describeCgroups('', ''))

/** Every exported function that takes an object of options, given that object. */
const takers: Record<string, (options: Options) => unknown> = {
  assemble: (options) => assemble(plan, { ...options }),
  compile: (options) => compile(plan, options),
  explain: (options) => explain(plan, options),
  create: (options) => create(plan, options),
  replace: (options) => replace(plan, { speaker: { file: '/x', argv: [], env: [] }, ...options }),
  run: (options) => run(plan, options),
  trace: (options) => trace(plan, options),
  'Cgroup.create': (options) => group().create({}, options),
  'Cgroup.set': (options) => group().set({}, options),
  'Cgroup.freeze': (options) => group().freeze(options),
  'Cgroup.thaw': (options) => group().thaw(options),
  'Cgroup.kill': (options) => group().kill(options),
  'Cgroup.waitEmpty': (options) => group().waitEmpty(options),
  'Cgroup.events': (options) => group().events(options),
  join: (options) => joinGroup('/x', {}, options),
  planCreation: (options) => planCreation(describeCgroups('', ''), '/x', {}, options),
  capabilities: (options) => chroot.capabilities([], undefined, options),
  diagnoseExec: (options) => chroot.diagnoseExec(-1, 'x', { env: [], ...options } as never),
  exec: (options) => chroot.exec(['x'], { env: [], ...options }),
  init: (options) => chroot.init(options),
  joinContainer: (options) => chroot.joinContainer({ pid: 1, namespaces: ['mnt'], ...options } as never),
  resolveCapabilities: (options) => chroot.resolveCapabilities(options),
  resolveUser: (options) => chroot.resolveUser(-1, '0', options),
  root: (options) => chroot.root([], [], options),
  standardStreams: (options) => chroot.standardStreams(options),
  terminal: (options) => chroot.terminal(options),
  user: (options) => chroot.user(ids, options),
  workingDirectory: (options) => chroot.workingDirectory('/', options),
  closeDescriptors: (options) => chroot.closeDescriptors(options),
  filter: (options) => seccomp.filter(seccomp.DEFAULT_PROFILE, options),
  judge: (options) => seccomp.judge(seccomp.DEFAULT_PROFILE, { name: 'read' }, options),
  loadFilter: (options) => seccomp.loadFilter(new Uint8Array(8), options),
  resolveProfile: (options) => seccomp.resolveProfile(seccomp.DEFAULT_PROFILE, options),
  seccomp: (options) => seccomp.seccomp(seccomp.DEFAULT_PROFILE, options),
  bind: (options) => mountns.bind({ source: '/a', destination: '/b', ...options }),
  cgroupMount: (options) => mountns.cgroupMount({ version: 2 }, options),
  defaultMounts: (options) => mountns.defaultMounts(options),
  dev: (options) => mountns.dev(options),
  device: (options) => mountns.device({ path: '/dev/x', type: 'c', major: 1, minor: 3 }, options),
  devpts: (options) => mountns.devpts(options),
  directoryTree: (options) => mountns.directoryTree('/', options),
  hide: (options) => mountns.hide([], { as: 'null', ...options }),
  hostTree: (options) => mountns.hostTree([], options),
  mount: (options) => mountns.mount({ type: 'tmpfs', destination: '/x', ...options }),
  namespaces: (options) => mountns.namespaces(options),
  overlay: (options) => mountns.overlay({ lower: ['/a'], destination: '/x', ...options }),
  overlayTree: (options) => mountns.overlayTree({ lower: ['/a'], ...options }),
  proc: (options) => mountns.proc(options),
  privateProc: (options) => mountns.privateProc(options),
  sysfs: (options) => mountns.sysfs(options),
  tmpfs: (options) => mountns.tmpfs({ destination: '/x', ...options }),
  prepare: (options) => prepare(nowhere, options),
  unpack: (options) => unpack(nowhere, `${nowhere}/target`, options),
  RegistryClient: (options) => new registry.RegistryClient({ registriesConf: false, ...options }),
  // No name of an image: nothing is asked.
  checkCredentials: (options) => registry.checkCredentials(registryClient(), 'localhost', options),
  // In no file of the user who runs the tests.
  eraseCredentials: (options) =>
    registry.eraseCredentials('localhost', { authFile: `${nowhere}/auth.json`, ...options }),
  storeCredentials: (options) =>
    registry.storeCredentials(
      'localhost',
      { username: '', password: '' },
      { authFile: `${nowhere}/auth.json`, ...options },
    ),
  getDocument: (options) => registry.getDocument(registryClient(), 'X', options),
  head: (options) => registry.head(registryClient(), 'X', options),
  listReferrers: (options) => registry.listReferrers(registryClient(), 'X', `sha256:${'0'.repeat(64)}`, options),
  listTags: (options) => registry.listTags(registryClient(), 'X', options),
  pull: (options) => registry.pull(registryClient(), 'X', options),
  pushBlob: (options) => registry.pushBlob(registryClient(), 'X', { digest: '', size: 0 } as never, options),
  pushDocument: (options) => registry.pushDocument(registryClient(), 'X', new Uint8Array(), options),
  // No store: nothing is looked for.
  checkStore: (options) => image.checkStore({} as never, options),
  importImage: (options) => image.importImage({} as never, nowhere, options),
  loadDirectory: (options) => image.loadDirectory({} as never, nowhere, options),
  loadImages: (options) => image.loadImages({} as never, nowhere, options),
  readArchive: (options) => readArchive(nowhere, options).next(),
  saveImages: (options) => image.saveImages({} as never, [], options).next(),
  openStore: (options) => image.openStore({ rootDir: `${nowhere}:`, ...options }),
  pullImage: (options) => image.pullImage({} as never, registryClient(), 'X', options),
  pushImage: (options) => image.pushImage({} as never, registryClient(), {} as never, {} as never, options),
  TarReader: (options) => new TarReader({} as never, options),
}

/** Objects of options within others. */
const inner: Record<string, (options: Options) => unknown> = {
  'capabilities(sets)': (options) => chroot.capabilities({ bounding: [], permitted: [], ...options }),
  'namespaces({ user })': (options) =>
    mountns.namespaces({ user: { how: 'self', uidMap: range, gidMap: range, ...options } } as never),
  'namespaces({ time })': (options) => mountns.namespaces({ time: options }),
  'RegistryClient({ retry })': (options) => new registry.RegistryClient({ registriesConf: false, retry: options }),
  'unpack({ limits })': (options) => unpack(nowhere, `${nowhere}/target`, { limits: options }),
  'prepare({ limits })': (options) => prepare(nowhere, { limits: options }),
}

/**
 * Types of parameters that are options (those of `call` are fields of an instruction, of which a plan has hundreds), of the packages above sys (whose objects are the kernel's structs).
 */
const isOptions = (type: string): boolean => /(Options|Changes|Waiting|Sets|Mount|Layers|Limits)\b/.test(type)

function* parametersOf(symbol: ts.Symbol): Generator<[name: string, type: string, keys: string[]]> {
  const node = symbol.valueDeclaration
  if (!node) return
  const type = checker.getTypeOfSymbolAtLocation(symbol, node)
  const calls: [string, readonly ts.Signature[]][] = [
    [symbol.name, type.getCallSignatures()],
    [symbol.name, type.getConstructSignatures()],
  ]
  if (symbol.flags & ts.SymbolFlags.Class) {
    for (const member of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
      const method = checker.getTypeOfSymbolAtLocation(member, node)
      calls.push([`${symbol.name}.${member.name}`, method.getCallSignatures()])
    }
  }
  for (const [name, signatures] of calls) {
    for (const parameter of signatures.flatMap((signature) => signature.getParameters())) {
      const declared = parameter.valueDeclaration as ts.ParameterDeclaration | undefined
      if (!declared?.type) continue
      const type = checker.getTypeOfSymbol(parameter)
      const objects = (type.isUnion() ? type.types : [type]).filter(
        (each) => each.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection),
      )
      const keys = objects.flatMap((each) => (checker.isArrayLikeType(each) ? [] : each.getProperties()))
      yield [name, declared.type.getText(), keys.map((key) => key.name)]
    }
  }
}

const withOptions = exported
  .filter(({ name }) => name !== 'sys')
  .flatMap(({ symbol }) => [...parametersOf(symbol)])
  .filter(([, type]) => isOptions(type) && !/\[\]$|MountInfo|ParsedMount|CgroupMount\b/.test(type))

describe('an option that is one', () => {
  // A function's first options: the ones that `takers` hands on.
  const first = new Map(withOptions.toReversed().map(([name, , keys]) => [name, keys]))
  it.each([...first].filter(([name]) => name in takers))(
    'is none of another function that %s calls',
    async (name, keys) => {
      expect(keys).not.toEqual([])
      for (const key of keys) {
        const given = { [key]: Symbol('of no type') }
        // What it is refused for, if it is, is its value.
        const error = await (async () => takers[name]?.(given))().catch((thrown: Error) => thrown)
        expect(String((error as Error | undefined)?.message), key).not.toMatch(new RegExp(`${key}: no option of`))
      }
    },
  )
})

describe('an option that is none', () => {
  it('is tried on every exported function that takes options', () => {
    const found = withOptions.map(([name]) => name)
    expect([...new Set(found)].filter((name) => !(name in takers) && name !== 'call')).toEqual([])
  })

  it.each(Object.entries({ ...takers, ...inner }))('is refused by %s', async (_, take) => {
    const taken = async (options: Options) => take(options)
    await expect(taken({ nonsense: 1 })).rejects.toMatchObject({
      code: 'RT_INVALID_OPTION',
      message: expect.stringMatching(/^nonsense: no option of /),
    })
    // One that is undefined isn't given.
    const error = await taken({ nonsense: undefined }).catch((thrown: Error) => thrown)
    expect(String((error as Error | undefined)?.message)).not.toContain('nonsense')
  })

  it('is told with what was meant', async () => {
    await expect(run(plan, { stdoi: 'pipe' } as never)).rejects.toMatchObject({
      message: 'stdoi: no option of run; did you mean stdio?',
    })
  })
})
