// requires root for trace and for running what is compiled, busybox, and apps/cli/dist: sh tooling/bootstrap.sh cli
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { VM_CODE } from '../../../packages/program/src/assemble/vm-code.js'
import { busyboxRoot, needs, qemuArm64, temporaryFolder } from '../../../tooling/fixtures/index.js'
import { rt, rtAsNobody, traces } from './rt.js'

let root = ''
beforeEach((context) => {
  needs(context, 'root', 'busybox')
  if (root === '') root = busyboxRoot()
})

describe('rt explain', () => {
  it('prints the three parts of the sentence, in order, and runs nothing', () => {
    const before = traces()
    const { status, stdout, stderr } = rt(['explain', 'run', '--hostname', 'web', '--tmpfs', '/run', root, '/bin/true'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const at = (text: string): number => stdout.indexOf(text)
    const order = [
      'clone3(',
      'mount(NULL, "/", NULL, MS_PRIVATE|MS_REC',
      'sethostname("web", 3)',
      'mount "/run" (--tmpfs /run)',
      'pivot_root(".", ".")',
      'capset(',
      'execve("/bin/true", ["/bin/true"]',
    ]
    expect(order.map(at)).toEqual(order.map(at).sort((a, b) => a - b))
    expect(order.filter((text) => at(text) < 0)).toEqual([])
    expect(traces()).toEqual(before)
  })

  it('needs no privilege', () => {
    expect(rtAsNobody(['explain', 'run', '--', 'true'])).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('CLONE_NEWUSER'),
    })
  })

  it('--json, before run and after it', () => {
    const one = rt(['explain', '--json', 'run', root, 'true'])
    expect(JSON.parse(one.stdout)).toEqual(
      expect.arrayContaining([expect.objectContaining({ step: 'pivot_root', process: 'init' })]),
    )
    expect(rt(['explain', 'run', '--json', root, 'true']).stdout).toBe(one.stdout)
  })

  it('--steps: a line each', () => {
    const { stdout } = rt(['explain', '--steps', 'run', '--tmpfs', '/run', root, '/bin/true'])
    expect(stdout).toMatch(/^ {2}standard streams .*\n {2}namespaces {2,}the container sees its own mounts/)
    expect(stdout).toMatch(/\n {2}mount "\/run" {2,}memory, gone with the container \(--tmpfs \/run\)\n/)
    expect(stdout.trim().split('\n').length).toBeLessThan(40)
  })

  it('is the same every time', () => {
    expect(rt(['explain', 'run', '--', 'true']).stdout).toBe(rt(['explain', 'run', '--', 'true']).stdout)
  })

  it('for another processor', () => {
    expect(rt(['explain', '--arch', 'arm64', 'run', root, 'true'])).toMatchObject({ status: 0 })
  })

  it('-h behind run is the hostname, --help the help', () => {
    expect(rt(['explain', 'run', '--help']).stdout).toMatch(/^Usage: rt run /)
    expect(rt(['explain', '--help']).stdout).toMatch(/^Usage: rt explain /)
  })
})

describe('rt trace', () => {
  it('runs, and tells on stderr what every call returned', () => {
    const { status, stdout, stderr } = rt(['trace', 'run', root, 'sh', '-c', 'echo out; exit 5'])
    expect({ status, stdout }).toEqual({ status: 5, stdout: 'out\n' })
    expect(stderr).toMatch(/pivot_root\("\.", "\."\) = 0\n/)
    expect(stderr).toMatch(/init: mount "\/proc" \(default\)\n/)
  })

  it('--json and --perfetto, into a file', () => {
    const file = join(temporaryFolder('trace'), 'trace.json')
    expect(rt(['trace', '--json', '-o', file, 'run', root, 'true'])).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(
      expect.arrayContaining([expect.objectContaining({ result: 0, isCall: true })]),
    )
    expect(rt(['trace', '--perfetto', '-o', file, 'run', root, 'true']).status).toBe(0)
    expect(JSON.parse(readFileSync(file, 'utf8')).traceEvents.length).toBeGreaterThan(100)
  })
})

describe('rt trace of a set-up that fails', () => {
  const failing = ['run', '--tmpfs', '/x:nosuch=1', '--', 'true']

  it('tells what had run, and then what failed', () => {
    const { status, stdout, stderr } = rt(['trace', ...failing])
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' })
    const [table = '', message = ''] = stderr.split(/^(?=rt: )/m)
    expect(table).toMatch(/^ +at µs +took µs\nsupervisor: /)
    expect(table).toMatch(/fsconfig\(\d+<tmpfs>, FSCONFIG_SET_STRING, "nosuch", "1", 0\) = -1 EINVAL\n/)
    expect(message).toMatch(/^rt: mount "\/x" \(--tmpfs \/x:nosuch=1\): EINVAL/)
  })

  it('the same with --json and --perfetto', () => {
    const file = join(temporaryFolder('trace'), 'trace.json')
    expect(rt(['trace', '--json', '-o', file, ...failing]).status).toBe(125)
    const rows = JSON.parse(readFileSync(file, 'utf8'))
    expect(rows).toContainEqual(expect.objectContaining({ step: 'mount "/x"', error: 'EINVAL', isCall: true }))
    expect(rows.filter((row: { error?: string }) => row.error === 'EINVAL').length).toBe(1)
    expect(rt(['trace', '--perfetto', '-o', file, ...failing]).status).toBe(125)
    expect(JSON.parse(readFileSync(file, 'utf8')).traceEvents.length).toBeGreaterThan(50)
  })

  it('and of a command that can’t be executed', () => {
    const { status, stderr } = rt(['trace', 'run', '--', '/no/such'])
    expect(status).toBe(127)
    expect(stderr).toMatch(/execve\("\/no\/such", .* = -1 ENOENT\n/)
  })
})

describe('rt compile', () => {
  it('is as large as its help says', () => {
    const file = join(temporaryFolder('compile'), 't')
    expect(rt(['compile', 'run', root, 'true', '-o', file]).status).toBe(0)
    const { stdout } = rt(['compile', '--help'])
    const [, kilobytes = '', machine = ''] = /some (\d+) KiB .* (\d+) bytes/.exec(stdout.replaceAll('\n', ' ')) ?? []
    expect(statSync(file).size / 1024 / Number(kilobytes)).toBeGreaterThan(0.8)
    expect(statSync(file).size / 1024 / Number(kilobytes)).toBeLessThan(1.2)
    for (const code of Object.values(VM_CODE)) {
      expect(Buffer.from(code, 'base64').length).toBeLessThan(Number(machine))
      expect(Buffer.from(code, 'base64').length).toBeGreaterThan(Number(machine) / 2)
    }
  })

  const compiled = (...args: string[]): string => {
    const file = join(temporaryFolder('compile'), 't')
    expect(rt(['compile', ...args, '-o', file])).toEqual({ status: 0, signal: null, stdout: '', stderr: '' })
    return file
  }

  it('writes an executable that does the same without Node', () => {
    const file = compiled('run', root, 'sh', '-c', 'echo $$ $(hostname); exit 4')
    expect(statSync(file).mode & 0o777).toBe(0o755)
    const { status, stdout, stderr } = spawnSync(file, [], { encoding: 'utf8', env: {} })
    expect({ status, stdout, stderr }).toEqual({ status: 4, stdout: '1 t\n', stderr: '' })
    expect(existsSync('/sys/fs/cgroup/devices/rt/t')).toBe(false)
  })

  it('says by itself what fails', () => {
    const file = compiled('run', root, '/no/such')
    const { status, stderr } = spawnSync(file, [], { encoding: 'utf8' })
    expect(status).toBe(127)
    expect(stderr).toMatch(/execve/)
  })

  it('makes the same bytes of the same arguments', () => {
    const [one, two] = [compiled('run', root, 'true'), compiled('run', root, 'true')]
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true)
  })

  it('a -o at the end is the command’s if one stands before', () => {
    const file = join(temporaryFolder('compile'), 't')
    expect(rt(['compile', '-o', file, 'run', root, 'echo', '-o', 'x']).status).toBe(0)
    expect(spawnSync(file, [], { encoding: 'utf8' }).stdout).toBe('-o x\n')
  })

  it('for arm64', (context) => {
    needs(context, 'qemu-aarch64-static')
    const file = join(temporaryFolder('compile'), 't')
    expect(rt(['compile', '--arch', 'arm64', 'run', root, 'true', '-o', file]).status).toBe(0)
    // It starts; the emulator can't do all that a container needs.
    expect(qemuArm64(file).status).not.toBeNull()
  })

  it('gives the program a terminal with -t, and relays it', () => {
    const file = join(temporaryFolder('compiled-'), 'shell')
    expect(rt(['compile', 'run', '-it', root, 'sh', '-c', 'tty; echo to the end; exit 3', '-o', file]).status).toBe(0)
    const { status, stdout } = spawnSync('script', ['-qec', file, '/dev/null'], { encoding: 'utf8', timeout: 20_000 })
    expect({ status, stdout }).toEqual({ status: 3, stdout: '/dev/pts/0\r\nto the end\r\n' })
  })

  it('says when it can’t write', () => {
    expect(rt(['compile', 'run', root, 'true', '-o', '/no/such/folder/t'])).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/^rt: --output: cannot write "\/no\/such\/folder\/t": ENOENT/),
    })
  })
})
