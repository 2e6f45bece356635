/*
 * Makes system calls under a filter, and tells what the kernel answered.
 *
 *     answered-calls FILTER < CALLS > ANSWERS
 *
 * FILTER holds the program's bytes. CALLS are records of eight 64-bit words: 1 for i386's way in (int 0x80), else 0; the
 * number; six arguments. ANSWERS has a 64-bit word for each: what came back, -errno. All is read before the filter is
 * loaded; it must let write and exit_group pass, and should refuse the calls: nothing else keeps them from being made.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST 4096

static struct sock_filter filter[BPF_MAXINSNS];
static uint64_t calls[MOST][8];
static int64_t answers[MOST];

static int64_t make(const uint64_t *call) {
  if (call[0] == 0) {
    long answer = syscall(call[1], call[2], call[3], call[4], call[5], call[6], call[7]);
    return answer == -1 ? -errno : answer;
  }
#ifdef __x86_64__
  /* The sixth argument is in ebp, which the compiler may need: callers pass 0. Below rsp 128 bytes are the function's. */
  int32_t answer;
  __asm__ volatile("sub $128, %%rsp; push %%rbp; xor %%ebp, %%ebp; int $0x80; pop %%rbp; add $128, %%rsp"
                   : "=a"(answer)
                   : "a"((uint32_t)call[1]), "b"((uint32_t)call[2]), "c"((uint32_t)call[3]), "d"((uint32_t)call[4]),
                     "S"((uint32_t)call[5]), "D"((uint32_t)call[6])
                   : "memory", "cc", "r8", "r9", "r10", "r11");
  return answer;
#else
  return INT64_MIN;
#endif
}

int main(int argc, char **argv) {
  int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
  ssize_t size = read(file, filter, sizeof filter);
  struct sock_fprog program = {.len = size / sizeof *filter, .filter = filter};
  size_t count = fread(calls, sizeof *calls, MOST, stdin);
  if (size <= 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    perror("answered-calls");
    return 1;
  }
  for (size_t i = 0; i < count; i++) answers[i] = make(calls[i]);
  ssize_t written = write(STDOUT_FILENO, answers, count * sizeof *answers);
  syscall(SYS_exit_group, written == (ssize_t)(count * sizeof *answers) ? 0 : 1);
  return 1;
}
