#!/bin/sh
# npm test: makes the clone ready as ./rt does, then runs everything CI runs (tooling/checks/stages.ts, in that order).
# Arguments go to vitest, after the checks: npm test -- packages/sys
# stdout's last line is always `N passed, N failed, N skipped`.
cd "$(dirname "$0")/.." || exit 1
if ! sh tooling/bootstrap.sh install; then
	echo '0 passed, 1 failed, 0 skipped'
	exit 1
fi
exec node --import tsx tooling/checks/run-stages.ts "$@"
