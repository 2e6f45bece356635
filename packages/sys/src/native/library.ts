import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type koffiModule from 'koffi'

import { RtError } from '../errors.js'
import { bytes as checked } from './arguments.js'

type Koffi = typeof koffiModule
type Library = ReturnType<Koffi['load']>
/** A C function, as koffi gives it. */
export type NativeFunction = ReturnType<Library['func']>

/**
 * koffi's native part by its path, found as Node would find the package: the nearest node_modules that has it, through
 * pnpm's links. `require('koffi')` takes 9 ms, most of it in JavaScript that wraps deprecated functions and reads the
 * ELF header of node; this takes 1.6 ms, and the CLI has 15 ms in all. Undefined where the layout is another (Yarn PnP,
 * koffi built from source) or the file cannot be loaded (musl needs another one): then koffi finds its own way.
 */
function loadDirectly(): Koffi | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const koffi = join(folder, 'node_modules', 'koffi')
    if (existsSync(koffi)) {
      const scope = join(dirname(realpathSync(koffi)), '@koromix')
      return openAddon(join(scope, `koffi-linux-${process.arch}`, `linux_${process.arch}`, 'koffi.node'))
    }
    if (folder === dirname(folder)) return undefined
  }
}

function openAddon(file: string): Koffi | undefined {
  if (!existsSync(file)) return undefined
  const holder: { exports: Partial<Koffi> } = { exports: {} }
  try {
    process.dlopen(holder, file)
  } catch {
    // Not the right C library: koffi's own loader tries the others, and its error is the one to show.
    return undefined
  }
  return typeof holder.exports.load === 'function' ? (holder.exports as Koffi) : undefined
}

let loaded: { readonly koffi: Koffi; readonly libc: Library } | undefined

/**
 * libc through koffi, loaded at the first call: importing @rt/sys must work on any system and cost nothing.
 *
 * @throws RtError RT_UNSUPPORTED_PLATFORM if this is not Linux
 */
export function nativeLibrary(): { readonly koffi: Koffi; readonly libc: Library } {
  if (loaded) return loaded
  if (process.platform !== 'linux') {
    throw new RtError('RT_UNSUPPORTED_PLATFORM', `rt makes Linux system calls, and this is ${process.platform}`, {
      hint: 'run it on Linux 5.15 or newer: a virtual machine will do',
    })
  }
  const koffi = loadDirectly() ?? (createRequire(import.meta.url)('koffi') as Koffi)
  // Null is the program itself: libc is part of it. The types don't know that.
  loaded = { koffi, libc: koffi.load(null as unknown as string) }
  return loaded
}

/**
 * The address of a buffer's first byte, for structs that point to other memory. The buffer must be kept in a variable
 * until the call is over: the address alone does not keep it alive.
 */
export const addressOf = (bytes: Uint8Array): bigint => nativeLibrary().koffi.address(checked(bytes, 'bytes'))
