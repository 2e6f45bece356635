// chroot: paths begin at another directory, the root file system of the container.
// As root: npx tsx --tsconfig tsconfig.json examples/3-chroot.ts ROOTFS [COMMAND...]
import { chrootRoot, DEFAULT_PATH, exec } from '@rt/chroot'
import { namespaces, proc } from '@rt/mountns'
import { run, sequence } from '@rt/program'

const [rootfs = '/', ...command] = process.argv.slice(2)

const plan = sequence(
  namespaces({ mount: true, pid: true }),
  chrootRoot(rootfs, proc()),
  exec(command.length > 0 ? command : ['/bin/sh'], { env: [`PATH=${DEFAULT_PATH}`] }),
)

const container = await run(plan)
const exit = await container.exited
process.exitCode = 'code' in exit ? exit.code : 128 + exit.signal
