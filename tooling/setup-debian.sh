#!/bin/sh
# Installs the Debian (or Ubuntu) packages that tests and benchmarks use, those that are missing only.
#   tooling/setup-debian.sh [--if-possible] [PACKAGE...]
# Without names: all that the test suite uses. With --if-possible (npm test), a machine without apt, root or network
# gets a message and exit status 0: the tests that need a missing package skip and say so (which CI then refuses).
# rt itself needs none of them.
set -u

# What for: root filesystems (busybox-static, debootstrap); arm64 (qemu-user-static, cross compiler); pure cgroup v2
# (qemu-system-x86, cpio); the VM rebuild test (gcc, libc6-dev); peers to compare with (crun, runc, bubblewrap, umoci,
# skopeo, containers-storage); an engine that drives an OCI runtime (podman); a registry to push to and pull from
# (docker-registry, apache2-utils, openssl); user namespaces (uidmap); archives (zstd, xz-utils, attr), and other readers
# of them (libarchive-tools, python3, golang-go); terminals (tmux); completion (zsh, fish); filters to compare with
# (libseccomp-dev); checks (strace, shellcheck).
default='
	busybox-static debootstrap
	qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross
	qemu-system-x86 cpio
	gcc libc6-dev libseccomp-dev
	crun runc bubblewrap podman umoci skopeo containers-storage
	docker-registry apache2-utils openssl
	uidmap zstd xz-utils attr libarchive-tools python3 golang-go tmux zsh fish strace shellcheck
'

optional=
if [ "${1:-}" = --if-possible ]; then
	optional=yes
	shift
fi
# Package names have no spaces.
# shellcheck disable=SC2086
if [ $# -eq 0 ]; then set -- $default; fi

give_up() {
	echo "setup-debian: $1" >&2
	if [ -n "$optional" ]; then exit 0; fi
	exit 1
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	give_up "no apt here; install by this system's means what these Debian packages hold: $*"
fi

# dpkg-query exits 1 when it doesn't know one of the names, and lists the others all the same.
# shellcheck disable=SC2016 # ${...} is dpkg-query's format, not the shell's
have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null)
missing=
for package; do
	case "
$have
" in
	*"
installed $package
"*) ;;
	*) missing="$missing $package" ;;
	esac
done
if [ -z "$missing" ]; then exit 0; fi

[ "$(id -u)" -eq 0 ] || give_up "missing:$missing; install them as root: sudo sh tooling/setup-debian.sh$missing"

echo "setup-debian: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# An old package index asks for versions that the mirror has dropped, hence the update, only when there is work.
apt-get -q update >&2 || give_up 'apt-get update failed (is there a network?)'
# shellcheck disable=SC2086
apt-get -q install -y --no-install-recommends $missing >&2 ||
	give_up "apt-get install failed:$missing; after a broken download: apt-get -f install, then again"
