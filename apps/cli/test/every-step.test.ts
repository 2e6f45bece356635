// requires root: the plan of a plain user is another
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { needs } from '../../../tooling/fixtures/index.js'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Step constructors that the plan of `rt run` without options doesn't use, and why it need not. A safety step that is
 * added to a package and forgotten here and in the plan makes the test fail: sessionKeyring() and umask() once were.
 */
const NOT_BY_DEFAULT: Readonly<Record<string, string>> = {
  // mountns
  bind: '--volume; --mount type=bind',
  device: '--device; the default ones are a part of dev()',
  directoryTree: 'SOURCE is a directory',
  joinNamespaces: 'OCI’s namespaces by path; Docker’s container:NAME comes with containers that have names',
  hide: 'the mechanism of maskedPaths, for a sandbox',
  hostTree: 'the root of a plain user without SOURCE',
  overlay: 'an overlay that is not the root, for users of the library',
  readonlyRoot: '--read-only',
  rootPropagation: 'propagation is made private by the namespaces step; this is OCI’s wish for another',
  // cgroups
  joinGroupsOf: 'rt exec',
  // chroot
  awaitStart: 'OCI’s create and start; docker create comes with containers that have names',
  chrootRoot: 'plain chroot confines nobody who is root in it',
  domainname: 'NIS, for users of the library',
  hostRoot: 'for plans that keep the host’s root',
  init: '--init',
  joinContainer: 'rt exec',
  noNewPrivileges: '--security-opt no-new-privileges; not Docker’s default, as setuid programs are a part of images',
  oomScoreAdj: '--oom-score-adj',
  seccomp: '--security-opt seccomp=FILE; the default profile’s filter is compiled already, and loadFilter’s',
  rlimits: '--ulimit; Docker’s default sets none either',
  sameDirectory: 'rt exec',
  terminal: '--tty',
}

/** A function that packages export and that returns a step, or several. */
interface Constructor {
  readonly package: string
  readonly name: string
  /** Absolute path of the module that declares it. */
  readonly module: string
}

/** By the types of what each package's index exports. */
function stepConstructors(): Constructor[] {
  const packages = readdirSync(`${repository}/packages`).filter((name) => name !== 'sys' && name !== 'program')
  const index = (name: string) => `${repository}/packages/${name}/src/index.ts`
  const { config } = ts.readConfigFile(`${repository}/tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, repository)
  const files = packages.map(index).filter((file) => existsSync(file))
  const program = ts.createProgram([...files, index('program')], { ...options, noEmit: true, skipLibCheck: true })
  const checker = program.getTypeChecker()
  const exported = (name: string): ts.Symbol[] => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(index(name)) as ts.SourceFile)
    return checker.getExportsOfModule(module as ts.Symbol)
  }
  const stepList = exported('program').find(({ name }) => name === 'StepList')
  const anyStep = checker.getDeclaredTypeOfSymbol(stepList as ts.Symbol)
  const nothing = ts.TypeFlags.Any | ts.TypeFlags.Never | ts.TypeFlags.Void | ts.TypeFlags.Undefined | ts.TypeFlags.Null
  return packages.flatMap((name) =>
    exported(name).flatMap((entry): Constructor[] => {
      const symbol = entry.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(entry) : entry
      const [declaration] = symbol.declarations ?? []
      if (!declaration || !(symbol.flags & ts.SymbolFlags.Value)) return []
      const returned = checker
        .getTypeOfSymbolAtLocation(symbol, declaration)
        .getCallSignatures()
        .map((signature) => signature.getReturnType())
      const isStep = returned.some((type) => !(type.flags & nothing) && checker.isTypeAssignableTo(type, anyStep))
      return isStep ? [{ package: name, name: entry.name, module: declaration.getSourceFile().fileName }] : []
    }),
  )
}

describe('every step that a package offers', () => {
  const constructors = stepConstructors()
  const used = new Set<string>()

  beforeAll(() => {
    for (const module of new Set(constructors.map((each) => each.module))) {
      const names = constructors.filter((each) => each.module === module).map(({ name }) => name)
      vi.doMock(module, async (importOriginal) => {
        const original = await importOriginal<Record<string, unknown>>()
        return { ...original, ...Object.fromEntries(names.map((name) => [name, recorded(name, original[name])])) }
      })
    }
  })

  const recorded = (name: string, original: unknown) =>
    function (this: unknown, ...args: unknown[]): unknown {
      used.add(name)
      return (original as (...args: unknown[]) => unknown).apply(this, args)
    }

  it('is found by its type', () => {
    const names = constructors.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['sessionKeyring', 'umask', 'join', 'namespaces', 'root', 'overlayTree']),
    )
    expect(names.length).toBeGreaterThan(40)
    expect(new Set(names).size).toBe(names.length)
  })

  it('is in the plan of rt run, or stands here with the reason why not', async (context) => {
    needs(context, 'root')
    const { Complaints } = await import('../src/arguments/complaints.js')
    const { parseArguments } = await import('../src/arguments/parse.js')
    const { RUN_OPTIONS } = await import('../src/options/run.js')
    const { prepare } = await import('../src/plan/prepare.js')
    const complaints = new Complaints()
    const { values, rest } = parseArguments(['--', 'true'], RUN_OPTIONS, complaints)
    const mode = { interactive: false, tty: false }
    const prepared = await prepare({ values, words: rest, mode, complaints })
    prepared.close()
    const names = constructors.map(({ name }) => name)
    const left = names.filter((name) => !used.has(name))
    expect(left.sort()).toEqual(Object.keys(NOT_BY_DEFAULT).sort())
  })
})
