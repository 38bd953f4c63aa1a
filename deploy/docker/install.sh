#!/bin/sh
# install.sh libraries|program FOLDER: what the image holds, installed into FOLDER as constraints.txt pins it, hashes and all.
set -eu
cd "$(dirname "$0")/../.."
python="$2/bin/python"

case "$1" in
  libraries)
    uv venv --quiet --relocatable "$2"
    uv pip install --quiet --python "$python" --compile-bytecode \
      --only-binary :all: --constraint constraints.txt --excludes deploy/docker/excluded.txt --requirement pyproject.toml
    ;;
  program)
    uv pip install --quiet --python "$python" --compile-bytecode --no-deps --build-constraint constraints.txt .
    "$2/bin/throughline" --version
    ;;
  *)
    echo "usage: install.sh libraries|program FOLDER" >&2
    exit 2
    ;;
esac
