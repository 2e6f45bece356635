# Sourced by scripts that make a folder which takes a while: fixtures/debian-root.sh, vm/guest.sh.
# shellcheck shell=sh

# once TARGET BUILDER [ARG...]: runs BUILDER with a new folder as its first argument, and makes that folder TARGET when
# it succeeds. So TARGET is there whole or not at all. One that is there already is left alone, and callers at the same
# time wait for the first. The builder's output is shown only when it fails.
once() {
	target=$1
	builder=$2
	shift 2
	if [ -d "$target" ]; then return 0; fi
	mkdir -p "$(dirname "$target")"

	# The kernel drops the lock when this shell dies, however it dies.
	exec 9>"$target.lock"
	flock 9
	if [ -d "$target" ]; then return 0; fi

	incoming=$(mktemp -d "$target.incoming.XXXXXX")
	trap 'rm -rf --one-file-system "$incoming"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# Not as the condition of an `if`: there the shell would pass over the builder's failed commands (set -e is off).
	set +e
	(
		set -eu
		"$builder" "$incoming" "$@"
	) >"$target.log" 2>&1 9>&-
	status=$?
	set -e
	if [ "$status" -ne 0 ]; then
		cat "$target.log" >&2
		exit 1
	fi
	chmod 0755 "$incoming" # mktemp made it 0700: no user but root could enter
	mv -T "$incoming" "$target"
	trap - EXIT
	# Whoever still waits on this lock finds the target; only a success may remove it, or two would build at once.
	rm -f "$target.log" "$target.lock"
}
