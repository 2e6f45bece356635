// requires nothing
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bytes } from '../src/values/bytes.js'
import { csvFields } from '../src/values/csv.js'
import { device } from '../src/values/device.js'
import { envEntry, envFile, environment } from '../src/values/env.js'
import { hostEntry, ipAddress } from '../src/values/host-entry.js'
import { mount, tmpfs, volume } from '../src/values/mount-spec.js'
import { containerName, hostName } from '../src/values/name.js'
import { cpuList, positiveNumber, wholeNumber } from '../src/values/numbers.js'
import { securityOption } from '../src/values/security.js'
import { parseSignal } from '../src/values/signal.js'

/** What is thrown, in a few words. */
const complaint = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}

describe('sizes', () => {
  it.each([
    ['0', 0],
    ['1024', 1024],
    ['1b', 1],
    ['1k', 1024],
    ['64m', 64 << 20],
    ['64MiB', 64 << 20],
    ['64MB', 64 << 20],
    ['1.5g', 1.5 * 2 ** 30],
    ['2 t', 2 * 2 ** 40],
  ])('%j is %d bytes', (text, size) => expect(bytes(text)).toBe(size))
  it.each(['', 'm', '5q', '-1', '1e9', '1.2.3m', '9999p', '٣m'])('refuses %j', (text) => {
    expect(complaint(() => bytes(text))).toBe(`expected a size such as 512m or 1.5g, got ${JSON.stringify(text)}`)
  })
})

describe('numbers', () => {
  it.each([
    ['0', 0],
    ['-5', -5],
    ['+7', 7],
    ['10', 10],
  ])('%j', (text, value) => expect(wholeNumber(-5, 10)(text)).toBe(value))
  it.each(['11', '-6', '1.5', '', 'x', '1e1', '0x1'])('refuses %j', (text) => {
    expect(complaint(() => wholeNumber(-5, 10)(text))).toContain('expected a whole number from -5 to 10')
  })
  it.each(['1.5', '.5', '2'])('takes %j processors', (text) => expect(positiveNumber(text)).toBe(Number(text)))
  it.each(['0', '-1', '', 'x', '1e3', '1.'])('refuses %j processors', (text) => {
    expect(complaint(() => positiveNumber(text))).toContain('expected a number above 0')
  })
  it.each(['0', '0-2', '0-2,5', '1,3'])('takes the CPUs %j', (text) => expect(cpuList(text)).toBe(text))
  it.each(['', '0-', ',1', 'a', '0..2'])('refuses the CPUs %j', (text) => {
    expect(complaint(() => cpuList(text))).toContain('expected CPUs such as 0-2,5')
  })
})

describe('signals', () => {
  it.each([
    ['TERM', 15],
    ['SIGTERM', 15],
    ['sigusr1', 10],
    ['9', 9],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['RTMAX-1', 63],
  ])('%j is %d', (text, number) => expect(parseSignal(text)).toBe(number))
  it.each(['', '0', '65', 'SIGTREM', 'RTMIN+99', '-9'])('refuses %j', (text) => {
    expect(complaint(() => parseSignal(text))).toContain('expected a signal such as SIGTERM or 15')
  })
})

describe('names', () => {
  it.each(['web', 'a.b_c-d', '0x'])('takes %j', (text) => expect(containerName(text)).toBe(text))
  it.each(['', '-a', 'a b', 'a/b', '..', 'a\n', 'ü', 'a'.repeat(201)])('refuses %j', (text) => {
    expect(() => containerName(text)).toThrow()
  })
  it.each(['web', 'a.b.c', 'x'.repeat(64)])('takes the host name %j', (text) => expect(hostName(text)).toBe(text))
  it.each(['', 'a_b', '-a', 'a-', 'a b', 'x'.repeat(65)])('refuses the host name %j', (text) => {
    expect(() => hostName(text)).toThrow()
  })
})

describe('environment', () => {
  it('reads NAME=VALUE, and takes a bare NAME from its own environment', () => {
    process.env.RT_TEST_VALUE = 'own'
    expect(envEntry('A=b=c')).toEqual({ name: 'A', value: 'b=c' })
    expect(envEntry('A=')).toEqual({ name: 'A', value: '' })
    expect(envEntry('RT_TEST_VALUE')).toEqual({ name: 'RT_TEST_VALUE', value: 'own' })
    expect(envEntry('RT_TEST_UNSET')).toEqual({ name: 'RT_TEST_UNSET', value: undefined })
  })
  it.each(['', '=x', 'A=\0'])('refuses %j', (text) => {
    expect(() => envEntry(text)).toThrow()
  })
  it('keeps the last of each name; one without a value takes it away', () => {
    const entries = ['A=1', 'B=2', 'A=3', 'C=4', 'RT_TEST_UNSET=5'].map(envEntry)
    expect(environment([...entries, envEntry('RT_TEST_UNSET')])).toEqual(['A=3', 'B=2', 'C=4'])
  })
  it('reads files of variables', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rt-env-'))
    const file = join(folder, 'env')
    writeFileSync(file, '# a comment\n\nA=1 # kept\r\n  B="quoted"\nRT_TEST_VALUE\n')
    expect(envFile(file)).toEqual([
      { name: 'A', value: '1 # kept' },
      { name: 'B', value: '"quoted"' },
      { name: 'RT_TEST_VALUE', value: 'own' },
    ])
    writeFileSync(file, 'A=1\nB C=2\n')
    expect(complaint(() => envFile(file))).toBe(`${file} line 2: white space in the name "B C"`)
    rmSync(folder, { recursive: true })
    expect(complaint(() => envFile(file))).toContain('cannot read')
  })
})

describe('mounts', () => {
  const origin = 'an option'
  const bind = (source: string, destination: string, ...options: string[]) => ({
    type: 'bind',
    source,
    destination,
    options,
    origin,
  })
  const memory = (destination: string, ...options: string[]) => ({ type: 'tmpfs', destination, options, origin })

  it.each([
    ['/a:/b', bind('/a', '/b', 'rbind')],
    ['/a:/b:ro', bind('/a', '/b', 'rbind', 'rro')],
    ['/a:/b:rw', bind('/a', '/b', 'rbind')],
    ['/a:/b:ro,nosuid,rslave', bind('/a', '/b', 'rbind', 'rro', 'nosuid', 'rslave')],
    ['./a:/b', bind(join(process.cwd(), 'a'), '/b', 'rbind')],
    ['..:/b/', bind(join(process.cwd(), '..'), '/b', 'rbind')],
    ['/a/../c:/b//d/../e', bind('/c', '/b/e', 'rbind')],
  ])('-v %j', (text, spec) => expect(volume(text, origin)).toEqual(spec))
  it.each([
    ['/a', 'expected HOST:CONTAINER[:OPTIONS], got "/a"'],
    ['name:/b', 'expected a path that starts with "/" or "./", got "name"'],
    ['/a:b', 'expected an absolute path in the container, got "b"'],
    ['/a:/', 'cannot mount over the root "/" of the container'],
    ['/a:/b/..', 'cannot mount over the root "/" of the container'],
    ['/a:/b:ro:z', 'expected HOST:CONTAINER[:OPTIONS], got "/a:/b:ro:z"'],
    ['', 'expected HOST:CONTAINER[:OPTIONS], got ""'],
  ])('-v %j: %s', (text, message) => expect(complaint(() => volume(text, origin))).toBe(message))

  it.each([
    ['/run', memory('/run', 'nosuid', 'nodev', 'noexec')],
    ['/run:size=64m,exec', memory('/run', 'nosuid', 'nodev', 'noexec', 'size=64m', 'exec')],
  ])('--tmpfs %j', (text, spec) => expect(tmpfs(text, origin)).toEqual(spec))

  it.each([
    ['type=bind,source=/a,target=/b', bind('/a', '/b', 'rbind')],
    ['type=bind,src=/a,dst=/b,readonly', bind('/a', '/b', 'rbind', 'rro')],
    ['type=bind,src=/a,destination=/b,ro=false', bind('/a', '/b', 'rbind')],
    ['type=bind,src=/a,dst=/b,ro,bind-recursive=writable', bind('/a', '/b', 'rbind', 'ro')],
    ['type=bind,src=/a,dst=/b,ro,bind-nonrecursive', bind('/a', '/b', 'bind', 'ro')],
    ['type=bind,src=/a,dst=/b,bind-propagation=rslave', bind('/a', '/b', 'rbind', 'rslave')],
    ['"type=bind","src=/a,b",dst=/c', bind('/a,b', '/c', 'rbind')],
    ['type=tmpfs,target=/b,tmpfs-size=64m', memory('/b', 'nosuid', 'nodev', 'noexec', `size=${64 << 20}`)],
    ['type=tmpfs,dst=/b,tmpfs-mode=1777,ro', memory('/b', 'nosuid', 'nodev', 'noexec', 'ro', 'mode=1777')],
  ])('--mount %j', (text, spec) => expect(mount(text, origin)).toEqual(spec))
  it.each([
    ['source=/a,target=/b', 'expected type=bind or type=tmpfs'],
    ['type=nfs,target=/b', 'unknown type "nfs"; expected bind or tmpfs'],
    ['type=bind,target=/b', 'source is missing: source=PATH'],
    ['type=bind,source=/a', 'target is missing: target=PATH'],
    ['type=bind,source=/a,target=/b,target=/c', '"target" is given twice in "type=bind,source=/a,target=/b,target=/c"'],
    ['type=bind,source=/a,dst=/b,ro=x', 'expected readonly=true or readonly=false, got "x"'],
    ['type=tmpfs,dst=/b,tmpfs-mode=9', 'expected tmpfs-mode in octal, such as 1777, got "9"'],
    ['type=bind,src="/a"b,dst=/b', 'a stray double quote in "type=bind,src=\\"/a\\"b,dst=/b"'],
  ])('--mount %j: %s', (text, message) => expect(complaint(() => mount(text, origin))).toBe(message))
  it('--mount says which fields a type has', () => {
    expect(complaint(() => mount('type=tmpfs,dst=/b,source=/a', origin))).toBe(
      'type=tmpfs has no "source"; it has target, readonly, tmpfs-size, tmpfs-mode',
    )
  })

  it.each([
    ['a,b', ['a', 'b']],
    ['', ['']],
    ['a,', ['a', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a ""b""",c', ['a "b"', 'c']],
  ])('CSV %j', (line, fields) => expect(csvFields(line)).toEqual(fields))
})

describe('devices, hosts, security options', () => {
  it.each([
    ['/dev/fuse', ['/dev/fuse', '/dev/fuse', 'rwm']],
    ['/dev/sda:/dev/disk', ['/dev/sda', '/dev/disk', 'rwm']],
    ['/dev/sda:r', ['/dev/sda', '/dev/sda', 'r']],
    ['/dev/sda:/dev/disk:rw', ['/dev/sda', '/dev/disk', 'rw']],
  ])('--device %j', (text, [source, destination, access]) => {
    expect(device(text, 'o')).toEqual({ source, destination, access, origin: 'o' })
  })
  it.each(['', 'sda', '/dev/sda:disk', '/dev/sda:/dev/x:q', '/a:/b:r:w'])('--device refuses %j', (text) => {
    expect(() => device(text, 'o')).toThrow()
  })
  it.each([
    ['db:10.0.0.5', { name: 'db', address: '10.0.0.5' }],
    ['db=10.0.0.5', { name: 'db', address: '10.0.0.5' }],
    ['db:::1', { name: 'db', address: '::1' }],
    ['db:[fe80::1]', { name: 'db', address: 'fe80::1' }],
  ])('--add-host %j', (text, entry) => expect(hostEntry(text)).toEqual(entry))
  it.each(['', 'db', 'db:', ':1.2.3.4', 'db:999.0.0.1', 'db:host-gateway', 'a b:1.2.3.4'])(
    '--add-host refuses %j',
    (text) => {
      expect(() => hostEntry(text)).toThrow()
    },
  )
  it('--dns takes addresses only', () => {
    expect(ipAddress('::1')).toBe('::1')
    expect(() => ipAddress('localhost')).toThrow('expected an IP address, got "localhost"')
  })
  it.each([
    ['no-new-privileges', 'no-new-privileges'],
    ['no-new-privileges=true', 'no-new-privileges'],
    ['no-new-privileges:true', 'no-new-privileges'],
    ['no-new-privileges=false', undefined],
    ['systempaths=unconfined', 'systempaths=unconfined'],
    ['seccomp=unconfined', 'seccomp=unconfined'],
    ['seccomp=./profile.json', 'seccomp=./profile.json'],
    ['seccomp:profile.json', 'seccomp=profile.json'],
    ['apparmor=unconfined', 'already so'],
  ])('--security-opt %j', (text, option) => expect(securityOption(text)).toBe(option))
  it.each(['', 'nnp', 'seccomp=', 'apparmor=docker-default', 'no-new-privileges=x'])(
    '--security-opt refuses %j',
    (text) => {
      expect(() => securityOption(text)).toThrow(
        'expected no-new-privileges, seccomp=FILE, seccomp=unconfined or systempaths=unconfined',
      )
    },
  )
})
