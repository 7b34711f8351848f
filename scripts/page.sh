#!/usr/bin/env bash
# page.sh FOLDER FILE: builds the script of report.html (front/) in FOLDER with npm, into FILE. Where npm
# is missing or its registry cannot be reached, FILE is empty and the page static; says so.
set -euo pipefail
from=$(realpath "$(dirname "$0")/../front")
folder=$1 file=$2

static() {
  echo "report.html will be static, without sorting, search and the genome: $1" >&2
  : >"$file"
  exit 0
}

command -v npm >/dev/null || static "npm is not installed"
mkdir -p "$folder"
cp "$from/package.json" "$from/package-lock.json" "$from/.npmrc" "$folder/"
cd "$folder"
if [ ! -e installed ] || ! cmp -s package-lock.json installed; then
  npm ci --ignore-scripts >npm.log 2>&1 || static "npm ci failed ($folder/npm.log)"
  cp package-lock.json installed
fi
rm -rf src
cp -r "$from/src" src
node_modules/.bin/esbuild src/main.js --bundle --minify --format=iife --target=es2020 --loader:.css=text \
  --legal-comments=none --log-level=error --outfile=page.js >esbuild.log 2>&1 || {
  cat esbuild.log >&2
  exit 1
}
# Within a page a script ends at the first "</script", also in a text.
sed 's#</script#<\\/script#g' page.js >"$file.part"
mv "$file.part" "$file"
