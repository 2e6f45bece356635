/*
 * Times system calls under a seccomp filter: those whose arguments Docker's profile looks at and refuses, so that nothing
 * but the filter differs. (What a filter allows whatever the arguments doesn't run it.)
 *
 *     filtered-calls COUNT FILTER     prints nanoseconds for COUNT calls; FILTER holds the program's bytes
 *
 * On one processor, in batches that are shorter than a time slice: the fastest stands for all, for nobody disturbed it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CALLS 4
#define BATCH 200

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 0;
  /* The first processor that it may use. */
  cpu_set_t allowed, one;
  CPU_ZERO(&one);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    int cpu = 0;
    while (!CPU_ISSET(cpu, &allowed)) cpu++;
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  if (argc > 2) {
    static struct sock_filter filter[BPF_MAXINSNS];
    int file = open(argv[2], O_RDONLY);
    long size = read(file, filter, sizeof filter);
    struct sock_fprog program = {.len = size / sizeof *filter, .filter = filter};
    if (size <= 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
      perror("filtered-calls");
      return 1;
    }
  }
  double best = 0;
  for (long done = 0; done < count; done += BATCH * CALLS) {
    long long start = now();
    for (int i = 0; i < BATCH; i++) {
      syscall(SYS_socket, 38, -1, 0);
      syscall(SYS_socket, 40, -1, 0);
      syscall(SYS_clone, CLONE_NEWUSER | CLONE_SIGHAND, 0, 0, 0, 0);
      syscall(SYS_personality, 5);
    }
    double each = (double)(now() - start) / (BATCH * CALLS);
    if (best == 0 || each < best) best = each;
  }
  printf("%.0f\n", best * count);
  return 0;
}
