import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync } from 'node:fs'
import { appendFile, copyFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '../fixtures/temporary-folder.js'
import { bundle } from './bundle.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const run = promisify(execFile)

export interface VmOptions {
  /** A TypeScript module: bundled with what it imports, and run by the guest's node as root, in /test. */
  readonly script: string
  /** Milliseconds from the start of qemu after which the machine is stopped. */
  readonly timeout: number
  /** Folders for the guest: its path → ours. */
  readonly folders?: Readonly<Record<string, string>>
}

export interface VmResult {
  /** The script's exit status; undefined when the machine stopped before it ended (a panic, the time limit). */
  readonly status: number | undefined
  /** The script's standard output and error. */
  readonly output: string
  /** What the kernel printed. */
  readonly kernelLog: string
}

/**
 * Runs a script on another kernel: boots Debian's cloud kernel in qemu (software emulation: no KVM needed) with cgroup
 * v2 alone at /sys/fs/cgroup. The guest has two processors, 1 GiB of memory, no network and no disk but the RAM disk
 * /dev/ram0; its root is writable and gone afterwards.
 *
 * @throws Error when the guest can't be made (see guest.sh) or qemu can't be started.
 */
export async function runInVm(options: VmOptions): Promise<VmResult> {
  const [guest, work] = [await guestFolder(), temporaryFolder('vm')]
  const initrd = join(work, 'initrd')
  // The kernel unpacks archives that follow one another as if they were one.
  await copyFile(join(guest, 'initramfs'), initrd)
  await appendFile(initrd, await testArchive(options, work))
  const qemu = startQemu(join(guest, 'kernel'), initrd, work)
  const timer = setTimeout(() => qemu.kill('SIGKILL'), options.timeout)
  try {
    await new Promise((resolve, reject) => qemu.once('error', reject).once('close', resolve))
  } finally {
    clearTimeout(timer)
  }
  const read = (name: string) => readFileSync(join(work, name), 'utf8')
  const status = read('status').trim()
  return { status: status === '' ? undefined : Number(status), output: read('output'), kernelLog: read('kernel-log') }
}

function startQemu(kernel: string, initrd: string, work: string): ChildProcess {
  const serialPorts = ['kernel-log', 'output', 'status'].flatMap((name) => ['-serial', `file:${join(work, name)}`])
  const machine = ['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '1024']
  const nothingElse = ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot']
  const commandLine = 'console=ttyS0 quiet panic=-1 mitigations=off'
  return spawn(
    'qemu-system-x86_64',
    [...machine, ...nothingElse, ...serialPorts, '-kernel', kernel, '-initrd', initrd, '-append', commandLine],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
}

/** The guest for this node and this guest.sh, made on first use. */
async function guestFolder(): Promise<string> {
  const key = createHash('sha256')
    .update(readFileSync(here('guest.sh')))
    .digest('hex')
    .slice(0, 12)
  const folder = here(`../../node_modules/.cache/rt-vm/${process.version}-${key}`)
  // koffi, as @rt/sys finds it, and the package of its binary, as koffi finds that.
  const koffi = dirname(createRequire(here('../../packages/sys/package.json')).resolve('koffi'))
  const native = join(dirname(koffi), '@koromix', `koffi-linux-${process.arch}`)
  await run('sh', [here('guest.sh'), folder, process.execPath, koffi, native])
  return folder
}

/** /init, the bundled script and the folders, as a cpio archive. */
async function testArchive(options: VmOptions, work: string): Promise<Buffer> {
  const archive = join(work, 'archive')
  const system = join(archive, 'system')
  mkdirSync(join(system, 'test'), { recursive: true })
  for (const init of [join(archive, 'init'), join(system, 'init')]) {
    copyFileSync(here('init.sh'), init)
    chmodSync(init, 0o755)
  }
  await bundle(options.script, join(system, 'test'))
  for (const [inside, ours] of Object.entries(options.folders ?? {})) {
    cpSync(ours, join(system, inside), { recursive: true, verbatimSymlinks: true })
  }
  return execFileSync('sh', ['-c', 'find . | cpio --quiet -o -H newc --owner 0:0'], {
    cwd: archive,
    maxBuffer: 2 ** 30,
  })
}
