import { lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { bind } from '@rt/mountns'
import type { Step } from '@rt/program'

/** A root file system that borrows its programs from the host. */
export interface LittleRoot {
  /** Holds the root, and beside it a file that nobody in the root should ever see. */
  readonly directory: string
  readonly root: string
  readonly secretFile: string
  readonly secret: string
  /** The host's programs, mounted into it, read-only. */
  readonly binds: readonly Step[]
  remove(): void
}

/** Where programs and their libraries are: directories are bound, links (merged /usr) are copied. */
const BORROWED = ['bin', 'lib', 'lib32', 'lib64', 'libx32', 'sbin', 'usr'] as const

/** Names that only this root has. */
export const MARKER = 'this-is-the-rootfs'

/** Make it below /tmp: a real rootfs would be unpacked from an image, and this one needs no download. */
export function littleRoot(): LittleRoot {
  const directory = mkdtempSync('/tmp/rt-lab-')
  const root = `${directory}/rootfs`
  const secret = 'a file of the host'
  const secretFile = `${directory}/secret`
  for (const path of [root, `${root}/proc`, `${root}/tmp`, `${root}/etc`]) mkdirSync(path)
  writeFileSync(`${root}/${MARKER}`, '')
  writeFileSync(secretFile, `${secret}\n`)
  const binds: Step[] = []
  for (const name of BORROWED) {
    const found = lstatSync(`/${name}`, { throwIfNoEntry: false })
    if (found?.isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), `${root}/${name}`)
    if (!found?.isDirectory()) continue
    mkdirSync(`${root}/${name}`)
    binds.push(
      bind({ source: `/${name}`, destination: `/${name}`, options: ['rbind', 'ro'], origin: 'the host’s programs' }),
    )
  }
  return { directory, root, secretFile, secret, binds, remove: () => rmSync(directory, { recursive: true }) }
}
