#!/bin/sh
# Builds vm.c for x86-64 and arm64 and writes the machine code as a TypeScript constant.
#   sh build.sh           writes ../src/assemble/vm-code.ts
#   sh build.sh --print   prints it (the rebuild test compares)
# Needs gcc and aarch64-linux-gnu-gcc (Debian: gcc gcc-aarch64-linux-gnu, version 12: other versions give other bytes).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# -Os: the whole loop in two cache lines. No unwind tables, build id or stack protector: only code may end up in .text.
flags='-Os -ffreestanding -nostdlib -nostartfiles -static -fno-pic -fno-pie -no-pie -fno-stack-protector -fomit-frame-pointer
  -fno-asynchronous-unwind-tables -fno-unwind-tables -fcf-protection=none -fno-tree-vectorize -Wall -Wextra -Werror'
code() { # compiler objcopy extra-flags
  # shellcheck disable=SC2086 # the flags are words
  "$1" $flags $3 -c "$here/vm.c" -o "$work/vm.o"
  "$2" -O binary -j .text -j .text.start "$work/vm.o" "$work/vm.bin"
  base64 -w0 "$work/vm.bin"
}
x64=$(code gcc objcopy '')
arm64=$(code aarch64-linux-gnu-gcc aarch64-linux-gnu-objcopy '-mgeneral-regs-only -fcf-protection=none')

out() {
  cat <<TS
// Made by vm/build.sh from vm/vm.c; do not edit. A test rebuilds and compares.

/** Machine code of the VM by architecture, base64. */
export const VM_CODE = {
  x64: '$x64',
  arm64: '$arm64',
} as const
TS
}
if [ "${1-}" = --print ]; then out; else out >"$here/../src/assemble/vm-code.ts"; fi
