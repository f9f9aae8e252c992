#!/bin/sh
# A vendor's role in the embedded sandbox: planned, made, found unchanged, listed, removed. Needs no AWS account.
set -eu
XDG_STATE_HOME=$(mktemp -d)
export XDG_STATE_HOME XACCT_SANDBOX=1
trap 'rm -rf "$XDG_STATE_HOME"' EXIT

say() { printf '\n\033[1m# %s\033[0m\n$ %s\n' "$1" "$2"; }
run() { say "$1" "xacct $2"; sh -c "xacct $2"; }

grant=examples/third-party.yaml
run "What would change? The vendor's role, and the access it gives." "plan $grant"
run "Make it." "apply $grant --yes --quiet"
run "Once more: nothing to change, and nothing is written." "apply $grant --yes"
run "What does the account hold?" "list"
run "Remove it." "destroy $grant --yes --quiet"
run "Gone." "list"

cat <<'END'

That was the sandbox; nothing left this machine. Next:
  xacct blueprints list                 the ways of giving access
  xacct permissions list                what can be given
  xacct plan examples/third-party.yaml  the same against your own account (your AWS credentials)
  docs/tutorial.md                      the first grant of your own, step by step
The program is .venv/bin/xacct.
END
