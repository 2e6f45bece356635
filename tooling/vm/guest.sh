#!/bin/sh
# Makes what the virtual machine boots: Debian's cloud kernel, and an initramfs with its modules, node, koffi and busybox
# that lacks only /init and what it is to run (run-in-vm.ts adds both).
#   sh tooling/vm/guest.sh TARGET NODE KOFFI...
# TARGET gets `kernel` and `initramfs`; KOFFI are the folders of koffi's npm packages. Does nothing when TARGET is there.
# Needs apt-get (nothing is installed), dpkg, cpio and busybox-static (setup-debian.sh).
set -eu
# shellcheck source=tooling/once.sh
. "$(dirname "$0")/../once.sh"

# Modules of the cloud kernel that containers and cgroups need: everything else they use is built in.
# brd: a block device to limit; bfq: the scheduler behind io.bfq.weight.
modules='fs/overlayfs/overlay drivers/block/loop drivers/block/brd block/bfq'

build() {
	target=$1
	node=$2
	shift 2
	work=$target/work
	system=$work/initramfs/system # bound over the initramfs at boot, see init.sh
	mkdir -p "$system/bin" "$system/usr/bin" "$system/lib/modules" "$system/node_modules/@koromix"

	# The newest that this machine's package index knows, behind the name of the meta package.
	image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p')
	if [ -z "$image" ]; then
		echo 'linux-image-cloud-amd64 is not in the package index: apt-get update'
		exit 1
	fi
	(cd "$work" && apt-get -q download "$image")
	dpkg -x "$work/$image"_*.deb "$work/deb"
	cp "$work"/deb/boot/vmlinuz-* "$target/kernel"
	for module in $modules; do
		cp "$work/deb/lib/modules"/*/kernel/"$module.ko" "$system/lib/modules"
	done

	cp "$(command -v busybox)" "$system/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$system/bin/$applet"
	done
	cp "$node" "$system/usr/bin/node"
	# The libraries, at the paths where the loader looks for them here.
	ldd "$node" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^\t\(\/[^ ]*\).*/\1/p' | while IFS= read -r library; do
		mkdir -p "$system$(dirname "$library")"
		cp -L "$library" "$system$library"
	done
	for package; do
		case $package in
		*/@koromix/*) cp -RL "$package" "$system/node_modules/@koromix" ;;
		*) cp -RL "$package" "$system/node_modules" ;;
		esac
	done
	# The kernel starts /init with it, before the bind.
	mkdir -p "$work/initramfs/bin"
	cp "$system/bin/busybox" "$work/initramfs/bin/busybox"
	(cd "$work/initramfs" && find . | cpio --quiet -o -H newc --owner 0:0) >"$target/initramfs"
	rm -rf "$work"
}

target=${1:?usage: guest.sh TARGET NODE KOFFI...}
shift
once "$target" build "$@"
