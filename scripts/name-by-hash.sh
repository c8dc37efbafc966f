#!/bin/sh
# Gives the sign-in module, which Trunk treats as a worker and names by its binary alone, names with a hash like the others.
# Trunk calls it when a build is done, with the folder in TRUNK_STAGING_DIR.
set -eu

folder=${1:-${TRUNK_STAGING_DIR:-dist}}
name=admit-one-sign-in
hash=$(cat "$folder/$name.js" "$folder/${name}_bg.wasm" | sha256sum | cut -c 1-16)

sed "s/${name}_bg\.wasm/${name}-${hash}_bg.wasm/g" "$folder/$name.js" >"$folder/$name-$hash.js"
rm "$folder/$name.js"
mv "$folder/${name}_bg.wasm" "$folder/$name-${hash}_bg.wasm"
sed "s/$name\.js/$name-$hash.js/" "$folder/index.html" >"$folder/index.html.new"
mv "$folder/index.html.new" "$folder/index.html"
