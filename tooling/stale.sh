# Sourced by ./rt (hot path: one find, no other process) and, under the lock, again by tooling/bootstrap.sh.
# shellcheck shell=sh

# cli_is_stale ROOT NODE: must apps/cli/dist be built again?
# The stamp is as old as the start of the build it stands for, and names the node whose version was checked then.
# Folders count too: a deleted or renamed file changes only its folder's time.
cli_is_stale() {
	[ -f "$1/apps/cli/dist/rt.js" ] || return 0
	stamp=$1/node_modules/.rt-build-stamp
	[ -r "$stamp" ] || return 0
	read -r built_for <"$stamp"
	[ "$built_for" = "$2" ] || return 0
	[ -n "$(
		find "$1/package.json" "$1/pnpm-lock.yaml" "$1/pnpm-workspace.yaml" "$1/.npmrc" "$1/tsconfig.base.json" \
			"$1"/tooling/tsup "$1/tooling/bootstrap.sh" "$1"/apps/cli/package.json "$1/apps/cli/tsup.config.ts" \
			"$1"/apps/cli/src "$1"/packages/*/package.json "$1"/packages/*/src -newer "$stamp" -print -quit 2>&1
	)" ]
}
