// requires nothing
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tooling/fixtures/index.js'
import { parseRegistriesConf } from '../src/config/parse-registries-conf.js'
import { pullPlaces, pushPlace } from '../src/config/places.js'
import { readRegistriesConf, registriesConfPaths } from '../src/config/read-registries-conf.js'
import { NO_CONFIG } from '../src/config/registries-config.js'
import { meanings } from '../src/config/short-names.js'
import { parseReference } from '../src/index.js'
import { Session } from '../src/session/session.js'

const read = (text: string) => ({ ...NO_CONFIG, ...parseRegistriesConf(text, '/registries.conf') })
const DIGEST = `@sha256:${'a'.repeat(64)}`

const places = (toml: string, name: string) => {
  const config = read(toml)
  return pullPlaces(meanings(parseReference(name), config)[0], config).map(
    ({ registry, repository, insecure }) => `${registry}/${repository}${insecure ? ' insecure' : ''}`,
  )
}

describe('mirrors and locations', () => {
  it.each([
    ['', 'example.com/a', ['example.com/a']],
    ['', 'debian', ['docker.io/library/debian']],
    ['[[registry]]\nlocation="example.com"\ninsecure=true', 'example.com/a', ['example.com/a insecure']],
    [
      '[[registry]]\nprefix="example.com/team"\nlocation="other.com/moved/"',
      'example.com/team/a',
      ['other.com/moved/a'],
    ],
    ['[[registry]]\nprefix="example.com/team"\nlocation="other.com"', 'example.com/teams/a', ['example.com/teams/a']],
    ['[[registry]]\nprefix="example.com/team/a"\nlocation="other.com/b"', 'example.com/team/a', ['other.com/b']],
    ['[[registry]]\nprefix="*.example.com"\nlocation="other.com/x"', 'a.b.example.com/team/a', ['other.com/x/team/a']],
    ['[[registry]]\nprefix="*.example.com"\nlocation="other.com"', 'example.com/a', ['example.com/a']],
    ['[[registry]]\nprefix="*.example.com"\ninsecure=true', 'a.example.com/b', ['a.example.com/b insecure']],
    [
      '[[registry]]\nprefix="*.example.com"\nlocation="star.com"\n[[registry]]\nprefix="a.example.com"\nlocation="host.com"\n[[registry]]\nprefix="a.example.com/b"\nlocation="path.com"',
      'a.example.com/b/c',
      ['path.com/c'],
    ],
    [
      '[[registry]]\nprefix="docker.io"\n[[registry.mirror]]\nlocation="mirror.com/hub"\n[[registry.mirror]]\nlocation="localhost:5000"\ninsecure=true',
      'debian',
      ['mirror.com/hub/library/debian', 'localhost:5000/library/debian insecure', 'docker.io/library/debian'],
    ],
    [
      '[[registry]]\nprefix="example.com/x"\nlocation="docker.io"',
      'example.com/x/debian',
      ['docker.io/library/debian'],
    ],
  ])('%j: %s', (toml, name, expected) => expect(places(toml, name)).toEqual(expected))

  it('asks a mirror for what it is for', () => {
    const mirror = (more: string) => `[[registry]]\nlocation="a.com"\n${more}`
    const digestOnly = mirror('[[registry.mirror]]\nlocation="m.com"\npull-from-mirror="digest-only"')
    const tagOnly = mirror('[[registry.mirror]]\nlocation="m.com"\npull-from-mirror="tag-only"')
    const old = mirror('mirror-by-digest-only=true\n[[registry.mirror]]\nlocation="m.com"')
    expect(places(digestOnly, 'a.com/x:1')).toHaveLength(1)
    expect(places(digestOnly, `a.com/x${DIGEST}`)).toHaveLength(2)
    expect(places(tagOnly, 'a.com/x:1')).toHaveLength(2)
    expect(places(tagOnly, `a.com/x${DIGEST}`)).toHaveLength(1)
    expect(places(old, 'a.com/x')).toHaveLength(1)
    expect(places(old, `a.com/x:1${DIGEST}`)).toHaveLength(2)
  })

  it('never pushes to a mirror, and refuses what is blocked', () => {
    const config = read(
      '[[registry]]\nprefix="a.com"\nlocation="b.com"\n[[registry.mirror]]\nlocation="m.com"\n[[registry]]\nprefix="a.com/bad"\nblocked=true',
    )
    expect(pushPlace({ registry: 'a.com', repository: 'x' }, config)).toMatchObject({
      registry: 'b.com',
      isMirror: false,
    })
    for (const place of [pullPlaces, pushPlace]) {
      expect(() => place({ registry: 'a.com', repository: 'bad/x' }, config)).toThrow(
        expect.objectContaining({ kind: 'RT_PERMISSION', hint: 'by its rule for "a.com/bad" in "/registries.conf"' }),
      )
    }
  })
})

describe('short names', () => {
  const names = (toml: string, name: string) =>
    meanings(parseReference(name), read(toml)).map(({ registry, repository }) => `${registry}/${repository}`)

  it('are aliases, then search registries, then of docker.io', () => {
    const aliases = '[aliases]\n"debian"="example.com/base/debian"\n'
    expect(names(aliases, 'debian:12')).toEqual(['example.com/base/debian'])
    expect(meanings(parseReference('debian:12'), read(aliases))[0].tag).toBe('12')
    expect(names('unqualified-search-registries=["example.com"]', 'debian')).toEqual(['example.com/debian'])
    expect(names('unqualified-search-registries=["docker.io"]', 'debian')).toEqual(['docker.io/library/debian'])
    expect(names('', 'team/app')).toEqual(['docker.io/team/app'])
  })

  it('that may be at several registries are refused, unless the mode allows to try', () => {
    const several = 'unqualified-search-registries=["a.com","docker.io"]\n'
    expect(() => names(several, 'x')).toThrow(
      expect.objectContaining({ hint: 'write which is meant: a.com/x, docker.io/library/x' }),
    )
    expect(names(`${several}short-name-mode="permissive"`, 'x')).toEqual(['a.com/x', 'docker.io/library/x'])
    expect(names(several, 'b.com/x')).toEqual(['b.com/x'])
    expect(() => names('unqualified-search-registries=[]', 'x')).toThrow('short names are not allowed')
    expect(() => names('[aliases]\nx="a.com/x:1"', 'x')).toThrow('must be HOST/REPOSITORY alone')
  })
})

it('Docker Hub is asked at the host of its API', async () => {
  const hub = new Session({ registriesConf: false, certsDirectories: [], environment: {}, home: '/nonexistent' })
  const [reference] = hub.meanings('debian:12')
  expect(reference).toMatchObject({ registry: 'docker.io', repository: 'library/debian', tag: '12' })
  expect(String((await hub.pushTarget(reference)).url('manifests/12'))).toBe(
    'https://registry-1.docker.io/v2/library/debian/manifests/12',
  )
})

describe('parseRegistriesConf', () => {
  it.each([
    ['a = ', 'is no TOML'],
    ['[registries.search]\nregistries=["a.com"]', 'version 1'],
    ['unqualified-search-registries="a.com"', 'expected an array of strings'],
    ['unqualified-search-registries=["a.com/x"]', '"a.com/x" is no host'],
    ['short-name-mode="loose"', 'expected enforcing, permissive, disabled'],
    ['[[registry]]\nblocked="true"\nlocation="a.com"', 'registry[0].blocked: expected true or false'],
    ['[[registry]]\ninsecure=true', 'registry[0]: expected a prefix or a location'],
    ['[[registry]]\nprefix="https://a.com"', 'is no host'],
    ['[[registry]]\nprefix="*.a.com/x"', 'may stand before a host alone'],
    ['[registry]\nlocation="a.com"', 'registry: expected tables'],
    [
      '[[registry]]\nlocation="a.com"\n[[registry.mirror]]\nlocation=""',
      'registry[0].mirror[0].location: expected HOST',
    ],
    [
      '[[registry]]\nlocation="a.com"\n[[registry.mirror]]\nlocation="b.com"\npull-from-mirror="x"',
      'pull-from-mirror: expected all',
    ],
    ['[aliases]\na=1', 'aliases.a: expected a string'],
  ])('refuses %j', (toml, message) => expect(() => read(toml)).toThrow(message))

  it('ignores what is for other programs', () => {
    expect(read('credential-helpers=["containers-auth.json"]\nadditional-layer-store-auth-helper="x"').rules).toEqual(
      [],
    )
  })
})

describe('files', () => {
  it('are joined, the later over the earlier', () => {
    const home = temporaryFolder('registries')
    const folder = join(home, '.config/containers')
    mkdirSync(join(folder, 'registries.conf.d'), { recursive: true })
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
    write(
      'registries.conf',
      'unqualified-search-registries=["a.com"]\n[[registry]]\nlocation="a.com"\ninsecure=true\n[[registry]]\nlocation="b.com"\n[aliases]\nx="a.com/x"',
    )
    write('registries.conf.d/2.conf', '[[registry]]\nlocation="a.com"\nblocked=true\n[aliases]\ny="a.com/y"')
    write('registries.conf.d/1.conf', 'short-name-mode="disabled"\n[aliases]\nx="a.com/z"\ny="a.com/z"')
    write('registries.conf.d/ignored.txt', 'x')
    const environment = { XDG_CONFIG_HOME: join(home, '.config') }
    const paths = registriesConfPaths({ environment, home: '/nonexistent', uid: 0 }).filter((path) =>
      path.startsWith(home),
    )
    expect(paths.map((path) => path.slice(folder.length + 1))).toEqual([
      'registries.conf',
      'registries.conf.d/1.conf',
      'registries.conf.d/2.conf',
    ])
    const config = readRegistriesConf(paths)
    expect(config).toMatchObject({ searchRegistries: ['a.com'], shortNameMode: 'disabled' })
    expect(Object.fromEntries(config.aliases)).toEqual({ x: 'a.com/z', y: 'a.com/y' })
    expect(config.rules).toMatchObject([{ prefix: 'b.com' }, { prefix: 'a.com', blocked: true, insecure: false }])
    const named = registriesConfPaths({ environment: { CONTAINERS_REGISTRIES_CONF: '/x' }, home, uid: 0 })
    expect(named).toEqual(['/x'])
    expect(() => readRegistriesConf(named)).toThrow(expect.objectContaining({ kind: 'RT_NOT_FOUND' }))
  })
})
