#!/bin/busybox sh
# shellcheck shell=dash
# The virtual machine's first process: mounts a pure cgroup v2, runs /test/script.mjs with node, says how it ended, and
# turns the machine off. Kernel messages go to the first serial port, the script's output to the second, and the exit
# status, alone, to the third.
b=/bin/busybox

if [ "${1:-}" != inside ]; then
	# pivot_root(2) refuses while the root is the initramfs itself, so the system is a mount on top of it.
	$b mkdir -p /new
	$b mount -o bind /system /new
	cd /new || exit 1
	$b mount -o move . /
	exec $b chroot . /bin/busybox sh /init inside
fi

export PATH=/bin:/usr/bin HOME=/root
mkdir -p /proc /sys /dev /tmp /root /run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=0666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
insmod /lib/modules/overlay.ko
insmod /lib/modules/loop.ko
insmod /lib/modules/bfq.ko
insmod /lib/modules/brd.ko rd_nr=1 rd_size=32768

stty -F /dev/ttyS1 raw -echo
stty -F /dev/ttyS2 raw -echo
cd /test || exit 1
node --enable-source-maps script.mjs </dev/null >/dev/ttyS1 2>&1
echo "$?" >/dev/ttyS2
sync
poweroff -f
