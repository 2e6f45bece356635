/** __X32_SYSCALL_BIT: an x32 call has x86-64's audit architecture and this bit in its number. */
export const X32_BIT = 0x40000000

/**
 * Where x32's numbers are not x86-64's: calls with structs of 32-bit longs have entries of their own, from 512. Source:
 * arch/x86/entry/syscalls/syscall_64.tbl of Linux 7.1, ABI x32.
 */
export const X32_OWN =
  '512 rt_sigaction rt_sigreturn ioctl readv writev recvfrom sendmsg recvmsg execve ptrace rt_sigpending ' +
  'rt_sigtimedwait rt_sigqueueinfo sigaltstack timer_create mq_notify kexec_load waitid set_robust_list ' +
  'get_robust_list vmsplice move_pages preadv pwritev rt_tgsigqueueinfo recvmmsg sendmmsg process_vm_readv ' +
  'process_vm_writev setsockopt getsockopt io_setup io_submit execveat preadv2 pwritev2'

/** The calls of ABI "64" that x32 doesn't have at all. */
export const X32_LACKS =
  'create_module epoll_ctl_old epoll_wait_old get_kernel_syms get_thread_area nfsservctl query_module set_thread_area ' +
  '_sysctl uselib vserver'
