/*
 * The machine inside every program: a loop over an array of operations that never changes. Freestanding: no libc, no
 * stack but the few registers spilled, no allocation, no writable code. Built by build.sh; the bytes are checked in as
 * ../src/assemble/vm-code.ts and a test rebuilds and compares them.
 *
 * The addresses are a contract with ../src/assemble/layout.ts. Operations lie in a read-only segment; results go to the log,
 * which may be pages shared with Node, and to a word of the operation's choice, which is always private to the process.
 */
typedef unsigned long word;

struct op {
  int call;          /* number of the system call, or one of the three below */
  unsigned indirect; /* bit i: argument i is the address of the value */
  unsigned next;     /* the operation after this one if it worked */
  unsigned failed;   /* … and if the result is in [-4095, -1] */
  word *save;        /* where the result also goes */
  word argument[6];
};

enum { BRANCH = -1, COMPUTE = -2, LOAD = -3 };

/* The log's header, words before its results: where the process is, and its last system call that failed. */
enum { PC = -7, FAILED = -6, ERROR = -5 };
/* No result is this: what is kept is the result without it, so that a page of zeros is one where nothing has run. */
#define NOT_RUN (1UL << 63)

#define OPS ((const struct op *)0x1001000)
#define LOG ((word *)0x4000040)

static inline word syscall6(word nr, const word *a) {
#if defined(__x86_64__)
  register word r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
  word result = nr;
  __asm__ volatile("syscall" : "+a"(result) : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register word x8 __asm__("x8") = nr, x0 __asm__("x0") = a[0], x1 __asm__("x1") = a[1], x2 __asm__("x2") = a[2];
  register word x3 __asm__("x3") = a[3], x4 __asm__("x4") = a[4], x5 __asm__("x5") = a[5];
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "rt's VM is built for x86-64 and arm64"
#endif
}

__attribute__((noreturn, section(".text.start"))) void _start(void) {
  word *log = LOG;
  __asm__("" : "+r"(log)); /* kept in a register: shorter than an address in each of the four stores */
  for (word i = 0;;) {
    const struct op *o = OPS + i;
    word a[6], r;
    log[PC] = i;
    for (int k = 0; k < 6; k++) {
      a[k] = o->argument[k];
      if (o->indirect >> k & 1) a[k] = *(volatile word *)a[k];
    }
    if (o->call >= 0)
      r = syscall6((word)o->call, a);
    else if (o->call == BRANCH)
      r = (a[0] & a[1]) == a[2] ? 0 : (word)-1;
    else {
      r = a[0] + a[1] * a[2];
      if (o->call == LOAD) r = *(volatile word *)r;
    }
    log[i] = r ^ NOT_RUN;
    *o->save = r;
    if (r < (word)-4095)
      i = o->next;
    else {
      /* Only of a call: the result of the others is a value, and may be any. */
      if (o->call >= 0) {
        log[FAILED] = i;
        log[ERROR] = r;
      }
      i = o->failed;
    }
  }
}
