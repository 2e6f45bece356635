/** Bytes of the kernel's sigset_t, which rt_sigprocmask(2), ppoll(2) and signalfd4(2) want to be told. */
export const SIGSET = 8
export const NO_SIGNALS = new Uint8Array(SIGSET)
export const ALL_SIGNALS = new Uint8Array(SIGSET).fill(0xff)
