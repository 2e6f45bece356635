import {
  close,
  FSCONFIG_STRING_SIZE,
  fsconfigCreate,
  fsconfigFlag,
  fsconfigString,
  fsmount,
  fsopen,
  MOUNT_ATTR_RDONLY,
  OVL_MAX_STACK,
  RtError,
  SyscallError,
} from '@rt/sys'

/** Layers that overlay takes in one string, each under a name of one byte, as @rt/mountns gives them. */
const IN_ONE_STRING = FSCONFIG_STRING_SIZE / 2

/**
 * A read-only overlay of directories that is attached nowhere: it is gone with its fd.
 *
 * @param layers paths, topmost first, two at least
 * @param userxattr the marks are `user.overlay.*`
 * @throws SyscallError EPERM without CAP_SYS_ADMIN, EINVAL where the layers don't fit the kernel's option
 */
export function mountOverlay(layers: readonly string[], userxattr = false): number {
  const context = fsopen('overlay')
  try {
    try {
      for (const layer of layers) fsconfigString(context, 'lowerdir+', layer) // Linux 6.8
    } catch (error) {
      if (!SyscallError.isInstance(error) || error.code !== 'EINVAL') throw error
      fsconfigString(context, 'lowerdir', layers.join(':')) // 255 bytes at most
    }
    if (userxattr) fsconfigFlag(context, 'userxattr')
    fsconfigString(context, 'source', 'rt')
    fsconfigCreate(context)
    return fsmount(context, MOUNT_ATTR_RDONLY)
  } finally {
    close(context)
  }
}

/**
 * Whether overlay takes layers one by one (`lowerdir+`, Linux 6.8): asked of the kernel, which distributions change.
 *
 * @returns undefined where it can't be asked: that needs CAP_SYS_ADMIN
 */
function takesLayersOneByOne(): boolean | undefined {
  let context: number
  try {
    context = fsopen('overlay')
  } catch (error) {
    if (SyscallError.isInstance(error) && ['EPERM', 'ENODEV'].includes(error.code)) return undefined
    throw error
  }
  try {
    fsconfigString(context, 'lowerdir+', '/')
    return true
  } catch (error) {
    if (SyscallError.isInstance(error) && error.code === 'EINVAL') return false
    throw error
  } finally {
    close(context)
  }
}

/**
 * Refuses more layers than this kernel stacks, before any is unpacked.
 *
 * @param probe see {@link takesLayersOneByOne}
 * @throws RtError RT_LIMIT, RT_UNSUPPORTED
 */
export function checkLayerCount(count: number, source: string, probe = takesLayersOneByOne): void {
  const quoted = JSON.stringify(source)
  const hint = 'one directory of all its layers: rt unpack SOURCE DIR, then use DIR'
  if (count > OVL_MAX_STACK) {
    throw new RtError('RT_LIMIT', `image ${quoted} has ${count} layers: overlay stacks ${OVL_MAX_STACK}`, { hint })
  }
  if (count > IN_ONE_STRING && probe() === false) {
    const message = `image ${quoted} has ${count} layers: this kernel’s overlay stacks ${IN_ONE_STRING}`
    throw new RtError('RT_UNSUPPORTED', message, { hint: `${hint}; or use Linux 6.8 or newer` })
  }
}
