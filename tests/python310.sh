#!/usr/bin/env bash
# Runs the tests of what the cloud functions run, remediation/ and starter/, on Python 3.10, the newest runtime there.
# PYTHON is the interpreter that ran all the tests. Without a Python 3.10 at hand it says so, and that is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
LOCK=requirements/dev.txt
VENV=.venv310
ran_on=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

if [ "$ran_on" = 3.10 ]; then
  echo "tests of remediation/ and starter/ ran on Python 3.10 already"
  exit 0
fi
python310=$("$PYTHON" deploy/scf/python310.py)
if [ -z "$python310" ]; then
  echo "no Python 3.10 at hand: tests of remediation/ and starter/ ran on $ran_on only"
  exit 0
fi

# The copy of the lock is written last: a set-up that was interrupted, or is of another lock, is made anew.
if ! cmp -s "$LOCK" "$VENV/lock.txt"; then
  echo "setting up $VENV (about half a minute, once) ..."
  rm -rf "$VENV"
  "$python310" -m venv "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$LOCK"
  cp "$LOCK" "$VENV/lock.txt"
fi

rooms=()
for room in tests/remediation tests/starter; do
  if [ -d "$room" ]; then rooms+=("$room"); fi
done
echo "tests of remediation/ and starter/ on Python 3.10:"
exec "$VENV/bin/python" -m pytest -q -n 2 -p no:cacheprovider "${rooms[@]}"
