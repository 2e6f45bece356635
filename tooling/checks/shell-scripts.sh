#!/bin/sh
# Runs shellcheck over every shell script of the repository: *.sh, and whatever starts with #!/bin/sh.
cd "$(dirname "$0")/../.." || exit 1
if ! command -v shellcheck >/dev/null; then
	# CI has it by setup-debian.sh; a developer's machine without it isn't stopped, but is told.
	echo 'shellcheck is not installed: sh tooling/setup-debian.sh shellcheck' >&2
	[ -z "${CI:-}" ]
	exit
fi
scripts=$(git ls-files -co --exclude-standard | while IFS= read -r file; do
	case $file in
	*.sh) echo "$file" ;;
	*.*) ;;
	*) if head -c 64 "$file" 2>/dev/null | grep -q '^#!.*[/ ]sh$'; then echo "$file"; fi ;;
	esac
done)
# The names are ours and have no spaces.
# shellcheck disable=SC2086
exec shellcheck --external-sources $scripts
