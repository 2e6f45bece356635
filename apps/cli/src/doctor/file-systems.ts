import { ERRNO } from '@rt/sys'
import { type Check, fail, type Host, ok, warn } from './check.js'

const FSOPEN_CLOEXEC = 1

/** Overlay: `rt run` without SOURCE, --ephemeral and images stand on it. */
export function overlayCheck(host: Host): Check {
  const name = 'overlay'
  const listed = /\boverlay$/m.test(host.read('/proc/filesystems') ?? '')
  if (listed) return ok(name, 'known to the kernel')
  // Asking loads the module, where the kernel has one and we are privileged.
  const fd = host.call('fsopen', 'overlay', FSOPEN_CLOEXEC)
  if (fd >= 0) {
    host.call('close', fd)
    return ok(name, 'loaded now')
  }
  const remedy = 'modprobe overlay, or a kernel with CONFIG_OVERLAY_FS; a directory as SOURCE works without it'
  return fd === -ERRNO.ENODEV
    ? fail(name, 'the kernel has no overlay file system', remedy)
    : warn(name, 'not loaded yet', 'modprobe overlay')
}
