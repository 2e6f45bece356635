/*
 * Starts a command once for every byte on its standard input, and writes a line for it on its standard output: the
 * nanoseconds from before the spawn to after the wait, and the largest resident set of the command (or of a descendant
 * it waited for) in KiB. As a shell would start it (vfork, exec, wait), without the shell.
 *
 *     spawner COMMAND [ARG...]
 *
 * The command's stdin and stdout are /dev/null, its stderr ours. One that fails ends the spawner: a benchmark of
 * failures would look fast.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: spawner COMMAND [ARG...]\n");
    return 2;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  char byte;
  while (read(0, &byte, 1) == 1) {
    pid_t pid;
    int status;
    long long start = now();
    int error = posix_spawnp(&pid, argv[1], &actions, NULL, argv + 1, environ);
    if (error) {
      fprintf(stderr, "spawner: %s: %s\n", argv[1], strerror(error));
      return 1;
    }
    struct rusage usage;
    wait4(pid, &status, 0, &usage);
    long long end = now();
    if (status != 0) {
      fprintf(stderr, "spawner: %s: wait status 0x%x\n", argv[1], status);
      return 1;
    }
    dprintf(1, "%lld %ld\n", end - start, usage.ru_maxrss);
  }
  return 0;
}
