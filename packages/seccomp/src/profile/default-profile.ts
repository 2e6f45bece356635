import {
  AF_ALG,
  AF_VSOCK,
  type CapabilityName,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from '@rt/sys'
import type { ArgumentCondition, SeccompProfile, SyscallRule } from './profile.js'

const words = (...texts: readonly string[]): readonly string[] => texts.join(' ').split(' ')

/** What every program may call, whatever its arguments and capabilities. */
const ALWAYS = words(
  // attributes of files
  'fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr ' +
    'lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat',
  // sockets; socket(2) itself is below
  'accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 ' +
    'recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair',
  // waiting for descriptors
  '_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old ' +
    'eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch poll ppoll ' +
    'ppoll_time64 pselect6 pselect6_time64 select signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 ' +
    'timerfd_settime timerfd_settime64',
  // asynchronous input and output (not io_uring, which passes by every filter)
  'io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit',
  // message queues, semaphores and shared memory
  'ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 ' +
    'mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget',
  // memory
  'brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 ' +
    'mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease ' +
    'remap_file_pages',
  // futexes and restartable sequences
  'futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake get_robust_list rseq set_robust_list',
  // signals
  'kill pause pidfd_open pidfd_send_signal restart_syscall rt_sigaction rt_sigpending rt_sigprocmask ' +
    'rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack ' +
    'sigprocmask sigreturn tgkill tkill',
  // time and timers
  'adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 ' +
    'clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete ' +
    'timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 times',
  // users and groups; capabilities decide what they may become
  'capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 ' +
    'getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups ' +
    'setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32',
  // scheduling and limits
  'getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 sched_get_priority_max ' +
    'sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval ' +
    'sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield ' +
    'setpriority setrlimit ugetrlimit',
  // processes and threads; clone(2) and clone3(2) are below
  'execve execveat exit exit_group fork get_thread_area getpgid getpgrp getpid getppid getsid gettid ' +
    'landlock_add_rule landlock_create_ruleset landlock_restrict_self prctl seccomp set_thread_area ' +
    'set_tid_address setpgid setsid uretprobe vfork wait4 waitid waitpid',
  // about the system
  'getrandom sysinfo umask uname',
  // mounts, to read of only
  'listmount statmount',
  // files and directories
  '_llseek access cachestat chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 ' +
    'faccessat faccessat2 fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat ' +
    'fcntl fcntl64 fdatasync flock fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat ' +
    'getcwd getdents getdents64 ioctl lchown lchown32 link linkat lseek lstat lstat64 mkdir mkdirat mknod mknodat ' +
    'name_to_handle_at newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 ' +
    'read readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile sendfile64 splice stat stat64 ' +
    'statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 unlink unlinkat ' +
    'utime utimensat utimensat_time64 utimes vmsplice write writev',
)

/** What a capability opens: a process without it would be refused by the kernel itself, but after more of its code. */
const WITH: readonly (readonly [CapabilityName, string])[] = [
  [
    'CAP_SYS_ADMIN',
    'bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules ' +
      'lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname ' +
      'sethostname setns syslog umount umount2 unshare',
  ],
  ['CAP_DAC_READ_SEARCH', 'open_by_handle_at'],
  ['CAP_SYS_BOOT', 'reboot'],
  ['CAP_SYS_CHROOT', 'chroot'],
  ['CAP_SYS_MODULE', 'delete_module finit_module init_module'],
  ['CAP_SYS_PACCT', 'acct'],
  ['CAP_SYS_PTRACE', 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace'],
  ['CAP_SYS_RAWIO', 'ioperm iopl'],
  ['CAP_SYS_TIME', 'clock_settime clock_settime64 settimeofday stime'],
  ['CAP_SYS_TTY_CONFIG', 'vhangup'],
  ['CAP_SYS_NICE', 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node'],
  ['CAP_SYSLOG', 'syslog'],
  ['CAP_BPF', 'bpf'],
  ['CAP_PERFMON', 'perf_event_open'],
]

const NEW_NAMESPACES =
  CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP

/** PER_LINUX and PER_LINUX32, each alone and with UNAME26; and the value that only asks. uapi/linux/personality.h */
const PERSONALITIES = [0, 0x8, 0x20000, 0x20008, 0xffffffff]

const ENOSYS = 38
const EPERM = 1

const allow = (names: readonly string[], more: Omit<SyscallRule, 'names' | 'action'> = {}): SyscallRule => ({
  names,
  action: 'SCMP_ACT_ALLOW',
  ...more,
})

const where = (op: ArgumentCondition['op'], value: number): Pick<SyscallRule, 'args'> => ({
  args: [{ index: 0, op, value }],
})

/**
 * Docker's default: equal in effect, on the architectures that rt runs on, to the profile of github.com/moby/profiles,
 * tag seccomp/v0.2.3, which Docker 29.7 has. Its test says how that was compared.
 *
 * What it doesn't stop: on x86 a 32-bit program opens sockets of any family by socketcall(2), whose arguments lie in
 * memory, where a filter can't look; that takes a security module.
 */
export const DEFAULT_PROFILE: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: EPERM,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: [
    allow(ALWAYS),
    allow(words('process_vm_readv process_vm_writev ptrace'), {
      comment: 'before Linux 4.8 a tracer could change a call after the filter had seen it',
      includes: { minKernel: '4.8' },
    }),
    // The kernel's crypto for everyone, and sockets to the host of a virtual machine: no namespace holds them.
    allow(['socket'], where('SCMP_CMP_LT', AF_ALG)),
    ...between(AF_ALG, AF_VSOCK).map((family) => allow(['socket'], where('SCMP_CMP_EQ', family))),
    allow(['socket'], where('SCMP_CMP_GT', AF_VSOCK)),
    ...PERSONALITIES.map((value) => allow(['personality'], where('SCMP_CMP_EQ', value))),
    allow(words('arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls'), {
      includes: { arches: ['arm', 'arm64'] },
    }),
    allow(words('arch_prctl modify_ldt'), { includes: { arches: ['amd64', 'x32'] } }),
    ...WITH.map(([capability, names]) => allow(words(names), { includes: { caps: [capability] } })),
    allow(['clone'], {
      comment: 'no new namespaces: much of the kernel is within reach of root in a user namespace only',
      args: [{ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: NEW_NAMESPACES, valueTwo: 0 }],
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    }),
    {
      names: ['clone3'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: ENOSYS,
      comment: 'its flags lie in memory, where a filter can’t look; ENOSYS makes libc use clone',
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    },
  ],
}

function between(low: number, high: number): number[] {
  return Array.from({ length: high - low - 1 }, (_, i) => low + 1 + i)
}
