/*
 * Compiles a filter with libseccomp, for the tests to compare with: lines on stdin, the kernel's bytes on stdout.
 *
 *     default ACTION             first line; ACTION is a SECCOMP_RET_* value
 *     arch NAME                  x86_64, x86, x32, aarch64, arm; the first one replaces the host's
 *     optimize N                 1: by priority, 2: a binary tree, as runc asks for
 *     rule ACTION NAME [I OP A B]...    OP as in enum scmp_compare; A and B are 64-bit numbers
 *     resolve ARCH NAME          prints "NUMBER\n" instead of a filter, "none\n" for a name without a number there
 *
 * A rule whose name is unknown, or that libseccomp refuses, ends it with status 1 and a message.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fail(const char *what, const char *which, int error) {
  fprintf(stderr, "libseccomp: %s %s: %s\n", what, which, strerror(error < 0 ? -error : error));
  exit(1);
}

static void add_rule(scmp_filter_ctx filter, char *words) {
  struct scmp_arg_cmp conditions[6];
  unsigned count = 0;
  unsigned action = strtoul(strtok(words, " \n"), NULL, 0);
  const char *name = strtok(NULL, " \n");
  int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) fail("unknown", name, ENOENT);
  for (char *word; (word = strtok(NULL, " \n")) != NULL; count++) {
    conditions[count].arg = strtoul(word, NULL, 0);
    conditions[count].op = strtoul(strtok(NULL, " \n"), NULL, 0);
    conditions[count].datum_a = strtoull(strtok(NULL, " \n"), NULL, 0);
    conditions[count].datum_b = strtoull(strtok(NULL, " \n"), NULL, 0);
  }
  int error = seccomp_rule_add_array(filter, action, number, count, conditions);
  /* EEXIST: an earlier rule says the same already. */
  if (error < 0 && error != -EEXIST) fail("rule", name, error);
}

static void resolve(char *words) {
  unsigned arch = seccomp_arch_resolve_name(strtok(words, " \n"));
  int number = seccomp_syscall_resolve_name_arch(arch, strtok(NULL, " \n"));
  /* Negative: a number of libseccomp's own, for what this architecture multiplexes or lacks. */
  if (number < 0) printf("none\n");
  else printf("%d\n", number);
}

int main(void) {
  char line[1024];
  scmp_filter_ctx filter = NULL;
  int first_arch = 1;
  while (fgets(line, sizeof line, stdin) != NULL) {
    char *words = strchr(line, ' ');
    if (words == NULL) fail("line", line, EINVAL);
    *words++ = '\0';
    int error = 0;
    if (strcmp(line, "resolve") == 0) {
      resolve(words);
    } else if (strcmp(line, "default") == 0) {
      filter = seccomp_init(strtoul(words, NULL, 0));
      if (filter == NULL) fail("default", words, EINVAL);
    } else if (strcmp(line, "arch") == 0) {
      unsigned arch = seccomp_arch_resolve_name(strtok(words, " \n"));
      if (arch == 0) fail("arch", words, EINVAL);
      if (first_arch && arch != seccomp_arch_native()) seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
      first_arch = 0;
      error = seccomp_arch_add(filter, arch);
      if (error == -EEXIST) error = 0;
    } else if (strcmp(line, "optimize") == 0) {
      error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, strtoul(words, NULL, 0));
    } else if (strcmp(line, "rule") == 0) {
      add_rule(filter, words);
    } else {
      fail("unknown", line, EINVAL);
    }
    if (error < 0) fail(line, words, error);
  }
  int error = filter == NULL ? 0 : seccomp_export_bpf(filter, STDOUT_FILENO);
  if (error < 0) fail("export", "", error);
  return 0;
}
