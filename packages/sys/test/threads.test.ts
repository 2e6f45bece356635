// requires root: threads get roots, namespaces and ids of their own
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { CLONE_NEWNS, CLONE_NEWUTS, namespaceType, openat } from '@rt/sys'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inThread } from './in-thread.js'
import { needsRoot } from './root-only.js'

let folder = ''

beforeAll(() => {
  folder = mkdtempSync('/tmp/rt-threads-')
  mkdirSync(`${folder}/new`)
  writeFileSync(`${folder}/new/here`, 'inside')
})
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(needsRoot)

describe('a call acts on the thread that makes it', () => {
  it('unshare(CLONE_FS) and chroot change the root of one thread', async () => {
    const inside = await inThread<unknown>(
      `sys.unshare(sys.CLONE_FS)
       sys.chroot(data)
       sys.chdir('/')
       return { entries: fs.readdirSync('/'), text: fs.readFileSync('/here', 'utf8') }`,
      `${folder}/new`,
    )
    expect(inside).toEqual({ entries: ['here'], text: 'inside' })
    expect(readFileSync(`${folder}/new/here`, 'utf8')).toBe('inside')
    expect(() => readFileSync('/here')).toThrow('ENOENT')
  })

  it('pivot_root in a mount namespace of its own leaves the others their root', async () => {
    const inside = await inThread<unknown>(
      `sys.unshare(sys.CLONE_NEWNS | sys.CLONE_FS)
       sys.mountChange('/', 'private', true)
       sys.mountBind(data, data)
       sys.chdir(data)
       sys.pivotRoot('.', '.')
       sys.umount2('.', sys.MNT_DETACH)
       sys.chdir('/')
       const outside = sys.rawSyscall(sys.syscallNumber('openat'), [sys.AT_FDCWD, '/../../proc', 0, 0])
       return { entries: fs.readdirSync('/'), outside }`,
      `${folder}/new`,
    )
    expect(inside).toEqual({ entries: ['here'], outside: -2 })
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(folder)
    expect(readFileSync('/proc/version', 'utf8')).toContain('Linux')
  })

  it('unshare(CLONE_NEWUTS) gives one thread another host name, setns brings it back', async () => {
    const before = hostname()
    const names = await inThread<unknown>(
      `const old = sys.openat(sys.AT_FDCWD, '/proc/thread-self/ns/uts', 0)
       sys.unshare(sys.CLONE_NEWUTS)
       sys.syscall('sethostname', 'rt-thread', 9)
       const name = () => fs.readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()
       const inside = name()
       sys.setns(old, sys.CLONE_NEWUTS)
       return [inside, name()]`,
    )
    expect(names).toEqual(['rt-thread', before])
    expect(hostname()).toBe(before)
  })

  it('setresuid, setresgid and setgroups change who one thread is', async () => {
    const status = await inThread<string>(
      `sys.setgroups([7, 8])
       sys.setresgid(5, 5, 5)
       sys.setresuid(6, 6, 6)
       return fs.readFileSync('/proc/thread-self/status', 'utf8')`,
    )
    expect(status).toMatch(/^Uid:\t6\t6\t6\t6$/m)
    expect(status).toMatch(/^Gid:\t5\t5\t5\t5$/m)
    expect(status).toMatch(/^Groups:\t7 8 ?$/m)
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(process.getuid?.()).toBe(0)
    expect(readFileSync('/proc/self/status', 'utf8')).toMatch(/^Uid:\t0\t/m)
  })

  it('capset, the bounding set, the ambient set, securebits and no_new_privs are one thread’s', async () => {
    const [result, status] = await inThread<[unknown, string]>(
      `const { CAP_CHOWN, CAP_KILL, CAP_NET_RAW } = sys.CAPABILITIES
       const kept = (1n << BigInt(CAP_CHOWN)) | (1n << BigInt(CAP_KILL))
       sys.setSecurebits(sys.SECBIT_NOROOT | sys.SECBIT_KEEP_CAPS)
       sys.dropBoundingCapability(CAP_NET_RAW)
       sys.capset({ effective: kept, permitted: kept, inheritable: 1n << BigInt(CAP_KILL) })
       sys.raiseAmbientCapability(CAP_KILL)
       const ambient = [sys.hasAmbientCapability(CAP_KILL), sys.hasAmbientCapability(CAP_CHOWN)]
       const status = fs.readFileSync('/proc/thread-self/status', 'utf8')
       sys.lowerAmbientCapability(CAP_KILL)
       ambient.push(sys.hasAmbientCapability(CAP_KILL))
       sys.raiseAmbientCapability(CAP_KILL)
       sys.clearAmbientCapabilities()
       ambient.push(sys.hasAmbientCapability(CAP_KILL))
       sys.setNoNewPrivs()
       let refused
       try { sys.capset({ effective: kept | 4n, permitted: kept | 4n, inheritable: 0n }) } catch (error) { refused = error.call }
       return [{ sets: sys.capget(), ambient, refused, securebits: sys.getSecurebits(), noNewPrivs: sys.getNoNewPrivs(),
         bounding: sys.hasBoundingCapability(CAP_NET_RAW) }, status]`,
    )
    expect(result).toEqual({
      sets: { effective: 0x21n, permitted: 0x21n, inheritable: 0x20n },
      ambient: [true, false, false, false],
      refused:
        'capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, ' +
        '{effective=1<<CAP_CHOWN|1<<CAP_DAC_READ_SEARCH|1<<CAP_KILL, ' +
        'permitted=1<<CAP_CHOWN|1<<CAP_DAC_READ_SEARCH|1<<CAP_KILL, inheritable=0}) = -1 EPERM (Operation not permitted)',
      securebits: 0x11,
      noNewPrivs: true,
      bounding: false,
    })
    expect(status).toMatch(/^CapEff:\t0000000000000021$/m)
    expect(status).toMatch(/^CapAmb:\t0000000000000020$/m)
    expect(readFileSync('/proc/self/status', 'utf8')).toMatch(/^NoNewPrivs:\t0$/m)
  })

  it('capset, capget and their errors know the capabilities above 31', async () => {
    const [sets, refused, status] = await inThread<[unknown, string, string]>(
      `const bits = (...names) => names.reduce((all, name) => all | (1n << BigInt(sys.CAPABILITIES[name])), 0n)
       const wanted = { effective: bits('CAP_SYSLOG', 'CAP_KILL'), permitted: bits('CAP_SYSLOG', 'CAP_AUDIT_READ', 'CAP_KILL'),
         inheritable: bits('CAP_AUDIT_READ') }
       sys.capset(wanted)
       let refused
       try { sys.capset({ ...wanted, permitted: wanted.permitted | bits('CAP_WAKE_ALARM') }) } catch (error) { refused = error.call }
       return [sys.capget(), refused, fs.readFileSync('/proc/thread-self/status', 'utf8')]`,
    )
    expect(sets).toEqual({ effective: 0x4_0000_0020n, permitted: 0x24_0000_0020n, inheritable: 0x20_0000_0000n })
    expect(status).toMatch(/^CapInh:\t0000002000000000\nCapPrm:\t0000002400000020\nCapEff:\t0000000400000020$/m)
    expect(refused).toContain(
      '{effective=1<<CAP_KILL|1<<CAP_SYSLOG, permitted=1<<CAP_KILL|1<<CAP_SYSLOG|1<<CAP_WAKE_ALARM|1<<CAP_AUDIT_READ, ' +
        'inheritable=1<<CAP_AUDIT_READ}',
    )
  })

  it('errno is the thread’s own', async () => {
    const threads = Array.from({ length: 2 }, (_, index) =>
      inThread<number[]>(
        `const number = sys.syscallNumber(data ? 'close' : 'chdir')
         const args = [data ? -1 : '/rt-nowhere']
         const seen = new Set()
         for (let i = 0; i < 50000; i++) seen.add(sys.rawSyscall(number, args))
         return [...seen]`,
        index,
      ),
    )
    expect(await Promise.all(threads)).toEqual([[-2], [-9]])
  })
})

describe('namespaces of this thread', () => {
  it('have a type', () => {
    expect(namespaceType(openat(-100, '/proc/self/ns/mnt', 0))).toBe(CLONE_NEWNS)
    expect(namespaceType(openat(-100, '/proc/self/ns/uts', 0))).toBe(CLONE_NEWUTS)
    expect(() => namespaceType(0x7fffffff)).toThrow('EBADF')
  })

  it('have owners and parents', async () => {
    const result = await inThread<unknown>(
      `const link = (fd) => fs.readlinkSync('/proc/self/fd/' + fd)
       const outer = sys.openat(sys.AT_FDCWD, '/proc/self/ns/pid', 0)
       const user = sys.namespaceOwner(outer)
       let top
       try { sys.namespaceParent(outer) } catch (error) { top = error.code }
       sys.unshare(sys.CLONE_NEWPID)
       const { file, argv } = { file: '/bin/true', argv: ['true'] }
       const pid = sys.posixSpawn({ file, argv, env: [], dup2: [] })
       const inner = sys.openat(sys.AT_FDCWD, '/proc/' + pid + '/ns/pid', 0)
       const parent = link(sys.namespaceParent(inner)) === link(outer)
       sys.waitpid(pid)
       return { user: link(user), uid: sys.namespaceOwnerUid(user), parent, top }`,
    )
    // The parent of the machine's first pid namespace is not there; a container's is not to be seen: EPERM for both.
    expect(result).toEqual({ user: readlinkSync('/proc/self/ns/user'), uid: 0, parent: true, top: 'EPERM' })
  })
})
