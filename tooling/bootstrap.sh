#!/bin/sh
# Makes a clone ready: checks the machine, installs the dependencies, builds the CLI; each only when missing or stale.
#   tooling/bootstrap.sh install    only the dependencies (npm test builds everything itself)
#   tooling/bootstrap.sh cli        the dependencies and apps/cli/dist
# Quiet unless there is work: then one line on stderr per step, and the step's whole output if it fails.
set -u

say() { printf 'rt: %s\n' "$1" >&2; }
die() {
	say "$1"
	exit 1
}

cd "$(dirname "$0")/.." || exit 1

case $(uname -s) in
Linux) ;;
*) die "rt needs Linux: containers are made by Linux system calls (this is $(uname -s))" ;;
esac
node=$(command -v node) || die 'rt needs Node.js 20.19 or newer, and there is no node in PATH; see https://nodejs.org'
# `node --version` answers v20.19.0 before V8 starts, in 4 ms.
version=$(node --version) || die "cannot run $node --version"
major=${version#v}
minor=${major#*.}
major=${major%%.*}
minor=${minor%%.*}
if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
	die "rt needs Node.js 20.19 or newer; $node is $version"
fi
command -v npx >/dev/null || die 'rt needs npm (with npx) to install its dependencies, and there is no npx in PATH'

# One bootstrap at a time. The kernel drops this lock when its holder dies, however it dies; the steps below are
# started without the descriptor (9>&-), so that nothing they leave in the background can keep it.
exec 9>.rt-build-lock || die "cannot write in $PWD; build once as the user who owns it: $PWD/rt --version"
if command -v flock >/dev/null; then
	if ! flock -n 9; then
		say 'waiting for another rt that is installing or building...'
		flock 9
	fi
fi

pnpm=$(sed -n 's/.*"packageManager": *"\(pnpm@[0-9.]*\).*/\1/p' package.json)
log=$(mktemp "${TMPDIR:-/tmp}/rt-bootstrap.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# step MESSAGE COMMAND... : stdin is the container's, not the installer's, and stdout belongs to the command's output.
step() {
	say "$1"
	shift
	if ! "$@" </dev/null >"$log" 2>&1 9>&-; then
		cat "$log" >&2
		die "this failed (its output is above): $*"
	fi
}

# stale STAMP FILE... : is there a file newer than the stamp, or no stamp?
stale() {
	[ -f "$1" ] || return 0
	stamp=$1
	shift
	[ -n "$(find "$@" -newer "$stamp" -print -quit 2>&1)" ]
}

installed=node_modules/.rt-install-stamp
set -- "${1:-cli}" package.json pnpm-lock.yaml pnpm-workspace.yaml .npmrc packages/*/package.json apps/*/package.json
goal=$1
shift
if stale "$installed" "$@" || [ ! -d node_modules/.pnpm ]; then
	first='first run'
	if [ -d node_modules/.pnpm ]; then first='they changed'; fi
	: >.rt-build-lock # dates the stamp: what changes while pnpm runs is newer
	# CI=true: pnpm asks no questions when it has to replace a node_modules folder.
	step "installing dependencies ($first)..." env CI=true npx --yes "$pnpm" install --frozen-lockfile --prefer-offline
	touch -r .rt-build-lock "$installed" || exit 1
fi

# Asked again under the lock: another rt may just have built it, and may be running from what we would replace.
# shellcheck source=tooling/stale.sh
. tooling/stale.sh
if [ "$goal" = cli ] && cli_is_stale . "$node"; then
	built=node_modules/.rt-build-stamp
	printf '%s\n' "$node" >"$built.new" || exit 1
	# Only the CLI, and from the packages' sources: their own builds (types, mostly) are not needed to run it.
	step 'building...' env -C apps/cli ../../node_modules/.bin/tsup
	mv "$built.new" "$built" || exit 1
fi
