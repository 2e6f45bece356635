/*
 * The benchmark's rival: what rt's plan does (plan.ts), written by hand as one would in C with glibc. The same system
 * calls in the same order; calls.ts counts both with strace, and the report says where they differ.
 *
 *     container ROOT COMMAND
 *     container ROOT COMMAND GROUP      built with HIERARCHIES: in cgroups of that name
 *
 * Exits as the container does, 128 + n for signal n, 125 when the set-up failed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define HARMLESS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define BOTH_EMPTY (MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
#define COPY (AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static _Noreturn void die(const char *what) {
  fprintf(stderr, "container: %s: %s\n", what, strerror(errno));
  _exit(125);
}

static int must(int result, const char *what) {
  if (result < 0) die(what);
  return result;
}

#ifdef HIERARCHIES
#include "groups.h"
#endif

/* ---- destinations ---- */

static int look_up(int from, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {.flags = O_CLOEXEC | flags, .resolve = RESOLVE_NO_MAGICLINKS | resolve};
  return syscall(SYS_openat2, from, path, &how, sizeof how);
}

static int beneath(int root, const char *path, uint64_t flags, uint64_t resolve) {
  return look_up(root, path, O_PATH | flags, RESOLVE_IN_ROOT | resolve);
}

/* In a mount of our own, whose name may be another's by now. */
static int within(int mount, const char *path, uint64_t flags, uint64_t resolve) {
  return look_up(mount, path, O_PATH | flags, RESOLVE_BENEATH | resolve);
}

static void move(int mount, int destination) {
  must(move_mount(mount, "", destination, "", BOTH_EMPTY), "move_mount");
}

/* The mount's fd is kept. */
static int attach(int mount, int root, const char *path) {
  int destination = must(beneath(root, path, O_DIRECTORY, RESOLVE_NO_SYMLINKS), path);
  move(mount, destination);
  close(destination);
  return mount;
}

static void attach_within(int mount, int outer, const char *path, uint64_t resolve) {
  int destination = must(within(outer, path, O_DIRECTORY, resolve), path);
  move(mount, destination);
  close(destination);
  close(mount);
}

/* ---- file systems ---- */

static int begin(const char *type, const char *source) {
  int fs = must(fsopen(type, FSOPEN_CLOEXEC), type);
  must(fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0), "fsconfig");
  return fs;
}

static void set(int fs, const char *name, const char *value) {
  must(fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, name, value, 0), name);
}

static int finish(int fs, unsigned attributes) {
  must(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "fsconfig");
  int mount = must(fsmount(fs, FSMOUNT_CLOEXEC, attributes), "fsmount");
  close(fs);
  return mount;
}

static int mount_dev(int root) {
  static const char *const directories[] = {"pts", "mqueue", "shm"};
  static const char *const links[][2] = {
      {"/proc/self/fd", "fd"},         {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
      {"/proc/self/fd/2", "stderr"},   {"/proc/kcore", "core"},      {"pts/ptmx", "ptmx"},
  };
  static const struct {
    const char *name;
    int major, minor;
  } nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
  int fs = begin("tmpfs", "tmpfs");
  set(fs, "mode", "755");
  set(fs, "size", "65536k");
  int dev = finish(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
  mode_t mask = umask(0);
  for (size_t i = 0; i < COUNT(directories); i++) must(mkdirat(dev, directories[i], 0755), directories[i]);
  for (size_t i = 0; i < COUNT(links); i++) must(symlinkat(links[i][0], dev, links[i][1]), links[i][1]);
  for (size_t i = 0; i < COUNT(nodes); i++)
    must(mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), nodes[i].name);
  umask(mask);
  return attach(dev, root, "dev");
}

/* Streams that are the host's null device become the container's. */
static void own_null(int dev) {
  struct statx st;
  for (int fd = 0; fd <= 2; fd++) {
    if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MODE, &st) < 0) {
      if (errno != EBADF) die("statx");
      continue;
    }
    if (!S_ISCHR(st.stx_mode) || st.stx_rdev_major != 1 || st.stx_rdev_minor != 3) continue;
    int null = must(look_up(dev, "null", O_RDWR, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), "null");
    must(dup3(null, fd, 0), "dup3");
    close(null);
  }
}

struct mounts {
  int proc, sys;
};

static struct mounts mount_all(int root) {
  struct mounts mounts = {.proc = attach(finish(begin("proc", "proc"), HARMLESS), root, "proc")};
  int dev = mount_dev(root);
  own_null(dev);
  int pts = begin("devpts", "devpts");
  set(pts, "newinstance", NULL);
  set(pts, "ptmxmode", "0666");
  set(pts, "mode", "0620");
  set(pts, "gid", "5");
  attach_within(finish(pts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC), dev, "pts", RESOLVE_NO_SYMLINKS);
  mounts.sys = attach(finish(begin("sysfs", "sysfs"), MOUNT_ATTR_RDONLY | HARMLESS), root, "sys");
  attach_within(finish(begin("mqueue", "mqueue"), HARMLESS), dev, "mqueue", RESOLVE_NO_SYMLINKS);
  int shm = begin("tmpfs", "shm");
  set(shm, "mode", "1777");
  set(shm, "size", "65536k");
  int filled = finish(shm, HARMLESS), place = must(within(dev, "shm", O_DIRECTORY, 0), "dev/shm");
  struct statfs st;
  must(fstatfs(place, &st), "fstatfs");
  if (st.f_type == PROC_SUPER_MAGIC) die("dev/shm is in /proc");
  move(filled, place);
  close(place);
  close(filled);
  return mounts;
}

/* ---- masks ---- */

static void make_read_only(int mount, unsigned flags) {
  struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
  must(mount_setattr(mount, "", AT_EMPTY_PATH | flags, &read_only, sizeof read_only), "mount_setattr");
}

static void mask_paths(struct mounts mounts) {
  static const char *const in_proc[] = {"acpi", "asound",      "interrupts", "kcore",      "keys", "latency_stats",
                                        "sched_debug", "scsi", "timer_list", "timer_stats"};
  static const char *const in_sys[] = {"devices/virtual/powercap", "firmware"};
  int null = must(open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC), "/dev/null");
  int empty = -1;
  struct statx st;
  must(statx(null, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MODE, &st), "statx");
  if (!S_ISCHR(st.stx_mode) || st.stx_rdev_major != 1 || st.stx_rdev_minor != 3) die("/dev/null is another file");
  for (size_t i = 0; i < COUNT(in_proc) + COUNT(in_sys); i++) {
    const char *name = i < COUNT(in_proc) ? in_proc[i] : in_sys[i - COUNT(in_proc)];
    int path = within(i < COUNT(in_proc) ? mounts.proc : mounts.sys, name, 0, RESOLVE_NO_SYMLINKS);
    if (path < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
    must(path, name);
    must(statx(path, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MODE, &st), "statx");
    if (S_ISDIR(st.stx_mode) && empty < 0) {
      empty = finish(begin("tmpfs", "tmpfs"), MOUNT_ATTR_RDONLY | HARMLESS);
      move(empty, path);
    } else {
      int copy = must(open_tree(S_ISDIR(st.stx_mode) ? empty : null, "", COPY), "open_tree");
      if (!S_ISDIR(st.stx_mode)) make_read_only(copy, 0);
      move(copy, path);
      close(copy);
    }
    close(path);
  }
  close(null);
  if (empty >= 0) close(empty);
}

static void protect_paths(struct mounts mounts) {
  static const char *const protected[] = {
      "bus",         "fs",         "irq",        "sys",  "sysrq-trigger", "allocinfo", "driver", "dynamic_debug", "kmsg",
      "kpagecgroup", "kpagecount", "kpageflags", "mtrr", "pagetypeinfo",  "slabinfo",  "tty",    "vmallocinfo",
  };
  for (size_t i = 0; i < COUNT(protected); i++) {
    int path = within(mounts.proc, protected[i], 0, RESOLVE_NO_SYMLINKS);
    if (path < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
    must(path, protected[i]);
    int copy = must(open_tree(path, "", COPY | AT_RECURSIVE), "open_tree");
    make_read_only(copy, AT_RECURSIVE);
    move(copy, path);
    close(copy);
    close(path);
  }
}

/* ---- root ---- */

static int attach_root(int tree) {
  struct mount_attr private = {.propagation = MS_PRIVATE};
  must(mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &private, sizeof private), "mount_setattr");
  if (mount_setattr(AT_FDCWD, "/proc", 0, &private, sizeof private) < 0 && errno != EINVAL) die("mount_setattr");
  must(move_mount(tree, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH), "move_mount");
  return must(fcntl(tree, F_DUPFD_CLOEXEC, 3), "fcntl");
}

static void pivot(int root) {
  int old = must(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
  must(fchdir(root), "fchdir");
  must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  struct mount_attr slave = {.propagation = MS_SLAVE};
  must(mount_setattr(old, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave, sizeof slave), "mount_setattr");
  close(old);
  must(umount2(".", MNT_DETACH), "umount2");
  must(chdir("/"), "chdir");
}

/* Linux says "(unreachable)/…" for a directory outside the root. */
static void check_working_directory(void) {
  char path[PATH_MAX];
  must(syscall(SYS_getcwd, path, sizeof path), "getcwd");
  if (path[0] != '/') die("the working directory is outside");
}

static void enter_working_directory(int root) {
  int directory = must(beneath(root, "/", O_DIRECTORY, 0), "/");
  must(fchdir(directory), "fchdir");
  check_working_directory();
  close(directory);
}

/* ---- privileges ---- */

static void set_capabilities(uint64_t kept, uint64_t effective) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {
      {.effective = effective, .permitted = kept},
      {.effective = effective >> 32, .permitted = kept >> 32},
  };
  must(syscall(SYS_capset, &header, data), "capset");
}

static void drop_capabilities(void) {
  static const int kept_names[] = {
      CAP_CHOWN,    CAP_DAC_OVERRIDE,     CAP_FOWNER,  CAP_FSETID,     CAP_KILL,  CAP_SETGID,      CAP_SETUID,
      CAP_SETPCAP,  CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_SYS_CHROOT, CAP_MKNOD, CAP_AUDIT_WRITE, CAP_SETFCAP,
  };
  uint64_t kept = 0;
  for (size_t i = 0; i < COUNT(kept_names); i++) kept |= 1ULL << kept_names[i];
  set_capabilities(kept | 1ULL << CAP_SYS_ADMIN, kept | 1ULL << CAP_SYS_ADMIN);
  for (int capability = 0; capability < 64; capability++) {
    if (kept >> capability & 1) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno != EINVAL) die("prctl");
    if (capability > CAP_LAST_CAP) break;
  }
  must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl");
  /* Loading the filter takes one more, which the execve drops. */
  kept |= 1ULL << CAP_SYS_ADMIN;
  set_capabilities(kept, kept);
}

/* ---- the two processes ---- */

static void open_streams(void) {
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= 2);
  close(fd);
}

static void loopback_up(void) {
  int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  must(ioctl(fd, SIOCSIFFLAGS, &lo), "SIOCSIFFLAGS");
  close(fd);
}

/* FILTER_BYTES comes from the benchmark: the filter that rt loads (candidates/c-program.ts). */
static void load_filter(void) {
  static const unsigned char bytes[] __attribute__((aligned(8))) = {FILTER_BYTES};
  struct sock_fprog program = {.len = sizeof bytes / sizeof(struct sock_filter), .filter = (struct sock_filter *)bytes};
  must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
}

static _Noreturn void become(char *command, int gate) {
  must(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
  int aside = must(fcntl(gate, F_DUPFD_CLOEXEC, 4), "fcntl");
  must(dup3(aside, 3, O_CLOEXEC), "dup3");
  must(close_range(4, ~0U, 0), "close_range");
  struct pollfd supervisor = {.fd = 3};
  struct timespec now = {0};
  if (must(ppoll(&supervisor, 1, &now, NULL), "ppoll") != 0) die("the supervisor is dead");
  uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
  load_filter();
  char *arguments[] = {command, NULL};
  char *environment[] = {"PATH=/bin", "HOME=/root", NULL};
  execve(command, arguments, environment);
  die(command);
}

static _Noreturn void init(int tree, int gates[2], char *command) {
  char byte;
  must(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
  close(gates[1]);
  if (read(gates[0], &byte, 1) != 1) die("the supervisor is dead");
#ifdef HIERARCHIES
  enter_groups();
#endif
  must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
  must(unshare(CLONE_NEWCGROUP), "unshare");
  loopback_up();
  must(sethostname("rt", 2), "sethostname");
  int root = attach_root(tree);
  struct mounts mounts = mount_all(root);
  mask_paths(mounts);
  protect_paths(mounts);
  pivot(root);
  check_working_directory();
  enter_working_directory(root);
  setsid();
  drop_capabilities();
  become(command, gates[0]);
}

#ifdef HIERARCHIES
#define ARGUMENTS 4
#define USAGE " GROUP"
#else
#define ARGUMENTS 3
#define USAGE ""
#endif

int main(int argc, char **argv) {
  if (argc != ARGUMENTS) {
    fprintf(stderr, "usage: container ROOT COMMAND" USAGE "\n");
    return 2;
  }
  must(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl");
  open_streams();
  uint64_t all = ~0ULL;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, 8);
  /* By the raw call: glibc's refuses its own two signals, and asks for less. */
  char action[32] = {0};
  for (int signal = 1; signal <= 64; signal++) syscall(SYS_rt_sigaction, signal, action, NULL, 8);
#ifdef HIERARCHIES
  make_groups(argv[3]);
#endif
  int tree = must(open_tree(AT_FDCWD, argv[1], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE), argv[1]);
  int gates[2], pidfd = -1;
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gates), "socketpair");
  struct clone_args arguments = {
      .flags = CLONE_PIDFD | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET,
      .pidfd = (uintptr_t)&pidfd,
      .exit_signal = SIGCHLD,
  };
#ifdef HIERARCHIES
  if (birthplace >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = birthplace;
  }
#endif
  /* Without a stack of its own it returns twice, as fork does. */
  if (must(syscall(SYS_clone3, &arguments, sizeof arguments), "clone3") == 0) init(tree, gates, argv[2]);
  close(gates[0]);
  close(tree);
  must(write(gates[1], "g", 1), "write");
  for (;;) {
    siginfo_t signal, ended = {0};
    int number = syscall(SYS_rt_sigtimedwait, &all, &signal, NULL, 8);
    if (number == SIGCHLD) {
      must(waitid(P_PIDFD, pidfd, &ended, WEXITED | WNOHANG), "waitid");
#ifdef HIERARCHIES
      if (ended.si_signo == SIGCHLD) remove_groups(argv[3]);
#endif
      if (ended.si_signo == SIGCHLD) _exit(ended.si_code == CLD_EXITED ? ended.si_status : 128 + ended.si_status);
    } else if (number > 0 && signal.si_code != SI_KERNEL) {
      syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
    }
  }
}
