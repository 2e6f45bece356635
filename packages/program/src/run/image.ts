import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ERRNO,
  F_ADD_SEALS,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  RtError,
  rawSyscall,
  SyscallError,
  syscall,
  syscallNumber,
} from '@rt/sys'

const ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE

/**
 * A program's ELF as an open file that nobody can change any more: what /proc/PID/exe of the set-up process is, so that
 * a container that gets at it has nothing to overwrite (CVE-2019-5736).
 *
 * A sealed memfd; where those may not be executed (vm.memfd_noexec = 2, Linux 6.3), an unlinked file in the runtime
 * directory, opened for reading only.
 *
 * @returns the fd, close-on-exec
 * @throws SyscallError (EMFILE, ENOMEM …); RtError RT_PERMISSION if no directory allows it either
 */
export function executableImage(elf: Uint8Array): number {
  const fd = memfd('rt', MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC)
  if (fd === undefined) return unlinkedFile(elf)
  try {
    writeWhole(fd, elf)
    syscall('fcntl', fd, F_ADD_SEALS, ALL_SEALS)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** undefined where executable memfds are forbidden */
function memfd(name: string, flags: number): number | undefined {
  const number = syscallNumber('memfd_create')
  let fd = rawSyscall(number, [name, flags])
  // MFD_EXEC is known since Linux 6.3, and assumed before.
  if (fd === -ERRNO.EINVAL) fd = rawSyscall(number, [name, flags & ~MFD_EXEC])
  if (fd === -ERRNO.EACCES) return undefined
  if (fd < 0) throw new SyscallError({ syscall: 'memfd_create', errno: fd, call: `memfd_create("${name}", MFD_EXEC)` })
  return fd
}

/** The directories of this user's running programs, then whatever holds temporary files: the first without noexec. */
function unlinkedFile(elf: Uint8Array): number {
  const directories = [process.env.XDG_RUNTIME_DIR, process.getuid?.() === 0 ? '/run' : undefined, tmpdir()]
  const refused: string[] = []
  for (const directory of directories) {
    if (!directory) continue
    const path = join(directory, `rt-${process.pid}-${process.hrtime.bigint()}`)
    try {
      const writer = openSync(path, 'wx', 0o700)
      let reader: number
      try {
        writeWhole(writer, elf)
        reader = openSync(path, 'r')
      } finally {
        // A file that is open for writing can't be executed (ETXTBSY).
        closeSync(writer)
        unlinkSync(path)
      }
      if (mayExecute(reader)) return reader
      closeSync(reader)
      refused.push(`${directory} (mounted noexec)`)
    } catch (error) {
      refused.push(`${directory} (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  throw new RtError(
    'RT_PERMISSION',
    `no place for an executable: memfds are forbidden, and so are ${refused.join(', ')}`,
    {
      hint: 'sysctl -w vm.memfd_noexec=1, or set XDG_RUNTIME_DIR to a directory on a file system without noexec',
    },
  )
}

function mayExecute(fd: number): boolean {
  const X_OK = 1
  return rawSyscall(syscallNumber('faccessat2'), [-100, `/proc/self/fd/${fd}`, X_OK, 0]) === 0
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}
