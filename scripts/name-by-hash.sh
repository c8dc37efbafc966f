#!/bin/sh
# The last steps of a build, which Trunk doesn't do: the sign-in module, which it treats as a worker and names by its binary
# alone, gets names with a hash like the others, and comments and indentation leave what the browser downloads.
# Trunk calls it with the folder in TRUNK_STAGING_DIR.
set -eu

folder=${1:-${TRUNK_STAGING_DIR:-dist}}
name=admit-one-sign-in
hash=$(cat "$folder/$name.js" "$folder/${name}_bg.wasm" | sha256sum | cut -c 1-16)

rewrite() { # file new-file sed-script…
  from=$1 to=$2
  shift 2
  sed "$@" "$from" >"$to.new"
  rm "$from"
  mv "$to.new" "$to"
}

for file in "$folder"/*.js; do
  rewrite "$file" "$file" -e 's/^ *//' -e '/^\/\*\*/d' -e '/^\*/d' -e '/^\/\//d'
done
rewrite "$folder/$name.js" "$folder/$name-$hash.js" "s/${name}_bg\.wasm/${name}-${hash}_bg.wasm/g"
mv "$folder/${name}_bg.wasm" "$folder/$name-${hash}_bg.wasm"
# The comments of the page itself (<!-- -->) are where the backend puts what it serves.
rewrite "$folder/index.html" "$folder/index.html" \
  -e "s/$name\.js/$name-$hash.js/" -e 's/^ *//' -e '/^\/\//d' -e '/^\/\*.*\*\/$/d' -e 's/<script>\/\/.*$/<script>/' \
  -e 's/<style>\/\*.*\*\/$/<style>/' -e '/^$/d'
