// requires root, busybox
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Container, call, ROOT, ref, run, type Step, type StepList, sequence, vector } from '@rt/program'
import { AT_FDCWD, MOVE_MOUNT_F_EMPTY_PATH, OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from '@rt/sys'
import { beforeEach, describe, expect, it } from 'vitest'
import { busyboxRoot, needs } from '../../../tooling/fixtures/index.js'
import { capabilities, DEFAULT_CAPABILITIES, init, root, type TerminalOptions, terminal, user } from '../src/index.js'
import { start } from './contained.js'
import { explained } from './explained.js'
import { filesystem, namespaces, proc, tree } from './steps.js'

it('the plan opens nothing by a name that could have been planted', () => {
  expect(explained(terminal({ uid: 1000, size: { rows: 24, columns: 80 } }))).toMatchInlineSnapshot(`
    "terminal:
      $poll+0 = $pair+4 + 1 * 4294967296
      $poll+8 = 3 + 0 * 4294967296
      ppoll(&$poll, 2, NULL, NULL, 8)
      unless $poll+14 & 0xffff == 0 go to $kill
      $master of the terminal.control = &$master of the terminal.rights
      $master of the terminal.data = &$master of the terminal.iovec
      $master of the terminal.iovec+0 = &$master of the terminal.word
      $master of the terminal.iovec+8 = 8
      recvmsg($pair+4, {msg_iov=$master of the terminal.data, msg_iovlen=1, msg_control=$master of the terminal.control, msg_controllen=24}, MSG_CMSG_CLOEXEC) → $master of the terminal.received
      unless $master of the terminal.received == 8 go to $kill
      $master of the terminal = $master of the terminal.rights+16
      $for Node.control = …
      $for Node.rights+16 = $master of the terminal
      $for Node.data = &$for Node.iovec
      $for Node.word+0 = 0
      $for Node.iovec+0 = &$for Node.word
      $for Node.iovec+8 = 8
      sendmsg(5, {msg_iov=$for Node.data, msg_iovlen=1, msg_control=$for Node.control, msg_controllen=24}, MSG_NOSIGNAL)
      close($master of the terminal)
      close(5)
    terminal:
      openat2($root, "dev/pts", {flags=O_RDONLY|O_DIRECTORY|O_CLOEXEC|O_PATH, resolve=RESOLVE_NO_SYMLINKS|RESOLVE_IN_ROOT}, 24) → pts
      fstatfs(pts</dev/pts>, &statfs)
      if statfs == 7377 go to devpts
      fail: "/dev/pts" is not a devpts
      openat2(pts</dev/pts>, "ptmx", {flags=O_RDWR|O_NOCTTY|O_CLOEXEC, resolve=RESOLVE_NO_XDEV|RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH}, 24) → $master of the terminal
      ioctl($master of the terminal</dev/pts/ptmx>, TIOCSPTLCK, [0])
      ioctl($master of the terminal</dev/pts/ptmx>, TIOCGPTPEER, O_RDWR|O_NOCTTY|O_CLOEXEC) → slave
      ioctl($master of the terminal</dev/pts/ptmx>, TIOCSWINSZ, {ws_row=24, ws_col=80})
      fchown(slave<terminal>, 1000, -1)
      openat2($root, "dev", {flags=O_RDONLY|O_DIRECTORY|O_CLOEXEC|O_PATH, resolve=RESOLVE_NO_SYMLINKS|RESOLVE_IN_ROOT}, 24) → dev
      mknodat(dev</dev>, "console", S_IFREG|0600)
      openat2(dev</dev>, "console", {flags=O_RDONLY|O_CLOEXEC|O_PATH, resolve=RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH}, 24) → console
      open_tree(slave<terminal>, "", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_EMPTY_PATH) → bind
      move_mount(bind, "", console</dev/console>, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)
      $master of the terminal.out.control = …
      $master of the terminal.out.rights+16 = $master of the terminal</dev/pts/ptmx>
      $master of the terminal.out.data = &$master of the terminal.out.iovec
      $master of the terminal.out.word+0 = 0
      $master of the terminal.out.iovec+0 = &$master of the terminal.out.word
      $master of the terminal.out.iovec+8 = 8
      sendmsg($pair, {msg_iov=$master of the terminal.out.data, msg_iovlen=1, msg_control=$master of the terminal.out.control, msg_controllen=24}, MSG_NOSIGNAL)
    terminal:
      close($master of the terminal</dev/pts/ptmx>)
      setsid()
      ioctl(slave<terminal>, TIOCSCTTY, 0)
      dup3(slave<terminal>, 0, 0)
      dup3(slave<terminal>, 1, 0)
      dup3(slave<terminal>, 2, 0)"
  `)
})

describe('a container with a terminal', () => {
  let directory: string
  beforeEach((context) => {
    needs(context, 'root', 'busybox')
    directory = busyboxRoot()
    mkdirSync(join(directory, 'dev/pts'))
  })
  const mounts = () => [proc(), filesystem('devpts', 'dev/pts', { ptmxmode: '0666', mode: '0620' })]
  const around = (options: TerminalOptions = {}, ...more: StepList[]) => [
    namespaces(),
    root(tree(directory), mounts()),
    terminal(options),
    more,
  ]
  const begin = (steps: StepList, script: string) => start(steps, ['sh', '-c', script], {}, { stdio: 'null' })

  it('has it as its three streams and /dev/console, and as its controlling terminal', async () => {
    const container = await begin(
      around(),
      'tty; readlink /proc/self/fd/2; echo on the console > /dev/console; ps -o pid,sid,tty,comm | grep sh',
    )
    const printed = await everything(container)
    expect(printed.slice(0, 3)).toEqual(['/dev/pts/0', '/dev/pts/0', 'on the console'])
    expect(printed[3]).toMatch(/^ *1 +1 +136,0 +sh$/)
    expect(await container.exited).toEqual({ code: 0 })
  })

  it('nothing of it stays open but these three, though the exec closes nothing', async () => {
    const argv = ['/bin/ls', '/proc/self/fd']
    const bare: Step = {
      name: 'exec',
      why: 'test',
      'init.execute': [call('execve', [argv[0] as string, vector(argv), vector([])])],
    }
    const container = await run(sequence(around(), bare), { stdio: 'null' })
    const printed = collect(container)
    // A line, whole: when ls has ended, the terminal may answer EIO.
    await printed.until('\n')
    await container.exited
    // The fourth is that of ls, on the directory.
    expect(printed.text().split(/\s+/).filter(Boolean)).toEqual(['0', '1', '2', '3'])
  })

  it('what is typed is read, echoed, and Ctrl-C is SIGINT', async () => {
    const container = await begin(
      around({}, init({ terminal: true })),
      'trap \'echo interrupted; exit 9\' INT; echo ready; read line; echo "got $line"; read never',
    )
    const stream = container.terminal?.stream
    const printed = collect(container)
    await printed.until('ready')
    stream?.write('hello\n')
    await printed.until('got hello')
    stream?.write('\x03')
    expect(await container.exited).toEqual({ code: 9 })
    await printed.until('interrupted')
  })

  it('has its size from the start, and is told of another', async () => {
    const script = "trap 'stty size; exit' WINCH; stty size; echo ready; while :; do sleep 0.02; done"
    const container = await begin(around({ size: { rows: 33, columns: 44 } }), script)
    const printed = collect(container)
    await printed.until('33 44\nready')
    container.terminal?.resize({ rows: 50, columns: 60 })
    await printed.until('50 60')
    expect(await container.exited).toEqual({ code: 0 })
  })

  it('is the user’s own', async () => {
    const container = await begin(
      around({ uid: 1000 }, user({ uid: 1000, gid: 1000, groups: [] }), capabilities(DEFAULT_CAPABILITIES)),
      'echo again > $(tty); stat -c "%u %a" $(tty)',
    )
    expect(await everything(container)).toEqual(['again', '1000 620'])
  })

  it('job control works beneath the init', async () => {
    const container = await begin(around({}, init({ terminal: true })), 'sh -i')
    const printed = collect(container)
    const type = (keys: string) => container.terminal?.stream.write(keys)
    await printed.until('# ')
    type('sleep 60; echo over=$?\n')
    await sleep(200)
    type('\x1a')
    await printed.until('Stopped')
    type('fg\n')
    await sleep(200)
    type('\x03')
    await sleep(200)
    type('exit 4\n')
    expect(await container.exited, printed.text()).toEqual({ code: 4 })
    expect(printed.text()).not.toContain("can't access tty")
  })

  it('no devpts at /dev/pts: said, with the remedy', async () => {
    const steps = [namespaces(), root(tree(directory), proc()), terminal({ origin: '--tty' })]
    await expect(begin(steps, 'true')).rejects.toMatchObject({
      step: 'terminal',
      origin: '--tty',
      code: 'RT_UNSAFE',
      message: '"/dev/pts" is not a devpts',
    })
    rmSync(join(directory, 'dev/pts'), { recursive: true })
    await expect(begin(steps, 'true')).rejects.toMatchObject({
      code: 'ENOENT',
      hint: expect.stringContaining('devpts'),
    })
  })

  it.each([
    ['/dev/pts', 'ELOOP'],
    ['/dev/console', 'ELOOP'],
  ])('a planted symlink at %s is refused (CVE-2025-52565)', async (place, code) => {
    const victim = join(directory, 'victim')
    mkdirSync(victim)
    rmSync(join(directory, place), { recursive: true, force: true })
    symlinkSync('/victim', join(directory, place))
    // The devpts is mounted where the symlink leads, as a runtime that follows it would.
    const steps = [
      namespaces(),
      root(tree(directory), [proc(), filesystem('devpts', place === '/dev/pts' ? 'victim' : 'dev/pts', {})]),
      terminal(),
    ]
    await expect(begin(steps, 'true')).rejects.toMatchObject({ step: 'terminal', code })
  })

  it('a ptmx that is not the devpts’s own is refused', async () => {
    const covered: Step = {
      name: 'cover',
      why: 'a mount over /dev/pts/ptmx, as a volume could be',
      'host.open': [call('open_tree', [AT_FDCWD, '/dev/null', OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC], { save: 'null' })],
      'init.mount': [call('move_mount', [ref('null'), '', ref(ROOT), 'dev/pts/ptmx', MOVE_MOUNT_F_EMPTY_PATH])],
    }
    const steps = [namespaces(), root(tree(directory), [mounts(), covered]), terminal()]
    await expect(begin(steps, 'true')).rejects.toMatchObject({ step: 'terminal', code: 'EXDEV' })
  })

  it('a file at /dev/console is mounted upon, not written', async () => {
    writeFileSync(join(directory, 'dev/console'), 'the image’s')
    const container = await begin(around(), 'echo x > /dev/console')
    expect(await everything(container)).toEqual(['x'])
    expect(readFileSync(join(directory, 'dev/console'), 'utf8')).toBe('the image’s')
  })

  it('a second program of the container takes no console', () => {
    expect(explained(terminal({ console: false }))).not.toMatch(/console|mknod/)
  })
})

/** What a terminal prints, with a way to wait for a piece of it. */
function collect(container: Container) {
  let printed = ''
  const changed = new Set<() => void>()
  container.terminal?.stream.on('data', (chunk: Buffer) => {
    printed += chunk.toString().replaceAll('\r', '')
    for (const look of changed) look()
  })
  const until = (piece: string) =>
    new Promise<void>((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`no ${JSON.stringify(piece)} in ${JSON.stringify(printed)}`)),
        5000,
      )
      const look = () => {
        if (!printed.includes(piece)) return
        clearTimeout(limit)
        changed.delete(look)
        resolve()
      }
      changed.add(look)
      look()
    })
  return { until, text: () => printed }
}

/** All lines that are printed until the terminal is closed. */
async function everything(container: Container): Promise<string[]> {
  const printed = collect(container)
  await new Promise((resolve) => container.terminal?.stream.once('close', resolve))
  return printed.text().split('\n').slice(0, -1)
}
