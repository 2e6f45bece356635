#!/bin/sh
# Makes the layer that the unpack row unpacks: 400 MB of Debian as layer.tar.gz.
#   sh tooling/bench/layer.sh TARGET DEBIAN-ROOT
# Does nothing when TARGET is there. One Debian is 127 MB; copies beside each other compress no better than one, since
# gzip looks back only 32 KB.
set -eu
# shellcheck source=tooling/once.sh
. "$(dirname "$0")/../once.sh"

build() {
	target=$1
	debian=$2
	mkdir "$target/files"
	copy=0
	while [ "$(du -s --apparent-size --block-size=1000000 "$target/files" | cut -f1)" -lt 400 ]; do
		cp -a "$debian" "$target/files/debian$copy"
		copy=$((copy + 1))
	done
	tar --create --format=pax --numeric-owner --xattrs --directory "$target/files" . | gzip -6 >"$target/layer.tar.gz"
	rm -rf "$target/files"
}

once "${1:?usage: layer.sh TARGET DEBIAN-ROOT}" build "${2:?usage: layer.sh TARGET DEBIAN-ROOT}"
