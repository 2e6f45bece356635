/*
 * container.c's cgroups, where the benchmark gives HIERARCHIES (candidates/c-program.ts): a group of its own in each,
 * below a parent that containers share, with a limit on pids. As rt's step `join` makes, enters and removes them.
 */
#define PARENT "rt-bench"
#define LONGEST 128

static const struct {
  const char *top;
  int version;
} hierarchies[] = {HIERARCHIES};

#define GROUPS COUNT(hierarchies)

static int claim, doors[GROUPS], birthplace = -1;

static const char *path_in(size_t hierarchy, const char *format, const char *group) {
  static char path[LONGEST];
  int start = snprintf(path, sizeof path, "%s/" PARENT, hierarchies[hierarchy].top);
  snprintf(path + start, sizeof path - start, format, group);
  return path;
}

static int open_in(size_t hierarchy, const char *format, const char *group, int flags) {
  const char *path = path_in(hierarchy, format, group);
  return must(open(path, flags | O_CLOEXEC), path);
}

/* An empty cpuset can't be joined: it gets the one above. */
static void inherit(const char *own_path, const char *from_path) {
  char list[4096];
  int own = must(open(own_path, O_RDWR | O_CLOEXEC), own_path);
  ssize_t length = must(read(own, list, sizeof list), own_path);
  if (length == 1) {
    int from = must(open(from_path, O_RDONLY | O_CLOEXEC), from_path);
    length = must(read(from, list, sizeof list), from_path);
    close(from);
    must(pwrite(own, list, length, 0), own_path);
  }
  close(own);
}

static void inherit_cpuset(size_t hierarchy, const char *group) {
  static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
  for (size_t i = 0; i < COUNT(files); i++) {
    char paths[3][2 * LONGEST];
    snprintf(paths[0], sizeof *paths, "%s/%s", hierarchies[hierarchy].top, files[i]);
    snprintf(paths[1], sizeof *paths, "%s/%s", path_in(hierarchy, "", NULL), files[i]);
    snprintf(paths[2], sizeof *paths, "%s/%s", path_in(hierarchy, "/%s", group), files[i]);
    inherit(paths[1], paths[0]);
    inherit(paths[2], paths[1]);
  }
}

static int ends_with(size_t hierarchy, const char *name) {
  const char *slash = strrchr(hierarchies[hierarchy].top, '/');
  return strcmp(slash + 1, name) == 0;
}

static void make_groups(const char *group) {
  for (size_t i = 0; i < GROUPS; i++) {
    const char *parent = path_in(i, "", NULL);
    if (mkdirat(AT_FDCWD, parent, 0755) == 0) must(lsetxattr(parent, "user.rt", "1", 1, 0), parent);
    else if (errno != EEXIST) die(parent);
    const char *directory = path_in(i, "/%s", group);
    must(mkdirat(AT_FDCWD, directory, 0755), directory);
    if (i == 0) {
      claim = open_in(i, "/%s", group, O_RDONLY | O_DIRECTORY);
      must(flock(claim, LOCK_EX | LOCK_NB), directory);
      must(syscall(SYS_faccessat, claim, "cgroup.procs", F_OK), directory);
    }
    if (ends_with(i, "cpuset")) inherit_cpuset(i, group);
    if (ends_with(i, "pids")) {
      int limit = open_in(i, "/%s/pids.max", group, O_WRONLY);
      must(write(limit, "64", 2), "pids.max");
      close(limit);
    }
  }
  for (size_t i = 0; i < GROUPS; i++)
    if (hierarchies[i].version == 1) doors[i] = open_in(i, "/%s/tasks", group, O_WRONLY);
  for (size_t i = 0; i < GROUPS; i++)
    if (hierarchies[i].version == 2) birthplace = open_in(i, "/%s", group, O_PATH | O_DIRECTORY);
}

/* In init: 0 is the writer itself. */
static void enter_groups(void) {
  for (size_t i = 0; i < GROUPS; i++) {
    if (hierarchies[i].version == 2) continue;
    must(write(doors[i], "0", 1), "tasks");
    close(doors[i]);
  }
}

static void remove_groups(const char *group) {
  for (size_t i = GROUPS; i-- > 0;) {
    unlinkat(AT_FDCWD, path_in(i, "/%s", group), AT_REMOVEDIR);
    unlinkat(AT_FDCWD, path_in(i, "", NULL), AT_REMOVEDIR);
  }
  close(claim);
}
