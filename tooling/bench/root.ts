import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { busyboxRoot } from '../fixtures/index.js'
import { compiled } from './gcc.js'

let made: string | undefined

/** The root filesystem of every candidate: busybox, and a static /bin/true that does nothing else. */
export function benchRoot(): string {
  if (made) return made
  const root = busyboxRoot()
  rmSync(join(root, 'bin/true'))
  copyFileSync(compiled('true'), join(root, 'bin/true'))
  made = root
  return root
}
