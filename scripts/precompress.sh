#!/bin/sh
# Compresses the built app once, so that the backend never has to: .br and .gz beside every file but index.html, which the
# backend fills in at each start. Trunk calls it when a build is done, with the folder in TRUNK_STAGING_DIR.
#   scripts/precompress.sh [folder]
set -eu

folder=${1:-${TRUNK_STAGING_DIR:-dist}}

compress() {
  brotli --quality=11 --stdout "$1" >"$1.br"
  gzip --best --no-name --stdout "$1" >"$1.gz"
}

find "$folder" -type f ! -name index.html ! -name '*.br' ! -name '*.gz' | while IFS= read -r file; do
  compress "$file"
done
