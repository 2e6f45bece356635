import { call, ROOT, ref, type Step, struct } from '@rt/program'

const O_PATH_DIRECTORY = 0o10000000 | 0o200000 | 0o2000000
const RESOLVE_NO_MAGICLINKS_IN_ROOT = 0x02 | 0x10
const MOUNT_ATTR_NOSUID_NODEV_NOEXEC = 2 | 4 | 8

/** A proc of the container's own PID namespace at /proc (proc(5)); the destination is resolved beneath `$root`. */
export const proc = (origin = 'default'): Step => ({
  name: 'mount "/proc"',
  why: 'the container’s own processes',
  origin,
  inside: [
    call('fsopen', ['proc', 1], { save: 'fs' }),
    call('fsconfig', [ref('fs'), 1, 'source', 'proc', 0]),
    call('fsconfig', [ref('fs'), 6, null, null, 0]),
    call('fsmount', [ref('fs'), 1, MOUNT_ATTR_NOSUID_NODEV_NOEXEC], { save: 'mount', of: 'proc' }),
    call('close', [ref('fs')]),
    call('mkdirat', [ref(ROOT), 'proc', 0o555], { tolerate: ['EEXIST', 'EROFS'] }),
    call(
      'openat2',
      [
        ref(ROOT),
        'proc',
        struct('open_how', { flags: O_PATH_DIRECTORY, resolve: RESOLVE_NO_MAGICLINKS_IN_ROOT | 0x04 }),
        24,
      ],
      { save: 'dest', of: '/proc' },
    ),
    call('move_mount', [ref('mount'), '', ref('dest'), '', 0x44]),
    call('close', [ref('mount')]),
    call('close', [ref('dest')]),
  ],
})
