#!/bin/sh
# Renews the digests of bases.env, or of the file named: asks each image's registry what its tag means today.
set -eu
file=${1:-$(dirname "$0")/bases.env}
new=$(mktemp "$file.XXXXXX")
trap 'rm -f "$new"' EXIT
while IFS= read -r line || [ -n "$line" ]; do
    case $line in
        '#'* | '') printf '%s\n' "$line" >> "$new"; continue ;;
    esac
    name=${line%%=*} image=${line#*=} tag=${line#*=}
    tag=${tag%%@*}
    digest=$(docker buildx imagetools inspect "$tag" | awk '$1 == "Digest:" { print $2; exit }')
    case $digest in
        sha256:*) printf '%s=%s@%s\n' "$name" "$tag" "$digest" >> "$new" ;;
        *) echo "no digest for $tag: $digest" >&2; exit 1 ;;
    esac
    [ "$image" = "$tag@$digest" ] || echo "$name: $tag@$digest"
done < "$file"
chmod 0644 "$new"
mv "$new" "$file"
trap - EXIT
