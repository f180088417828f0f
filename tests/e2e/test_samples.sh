#!/usr/bin/env bash
# The two C programs of README.md, compiled against an installed copy through pkg-config, and run.
#   test_samples.sh FOVEA    FOVEA: the command in a build folder (BUILD/apps/fovea)
set -u
fovea=$(realpath "$1")
build=$(dirname "$(dirname "$fovea")")
root=$(realpath "$(dirname "$0")/../..")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

check() { # NAME COMMAND...: one test
    local name=$1
    shift
    if "$@" >"$scratch/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "samples: $name failed: $*"
        tail -n 20 "$scratch/log"
    fi
}

extract() { # PROGRAM: the C block of the README that begins with its name
    awk -v start="/* $1: " '$0 == "```" && on {if (index(block, start) == 1) printf "%s", block; on = 0}
        on {block = block $0 "\n"} $0 == "```c" {on = 1; block = ""}' "$root/README.md" >"$scratch/$1.c"
    grep -q "fovea.h" "$scratch/$1.c"
}

compile() {
    # shellcheck disable=SC2046
    cc -std=c11 -Wall -Wextra -Werror "$scratch/$1.c" $(pkg-config --cflags --libs fovea) -o "$scratch/$1"
}

pages() { # one for the command and one for each of its commands
    local name man
    man=$(dirname "$(find "$scratch/root" -name fovea.1)")
    for name in $("$fovea" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\).*/\1/p'); do
        [ -s "$man/fovea-$name.1" ] || { echo "fovea-$name.1 is not installed"; return 1; }
    done
    [ -s "$(find "$scratch/root" -path '*/bash-completion/completions/fovea.bash')" ]
}

finds_its_library() { # wherever it stands, with nothing in the environment, and not one of the system's
    local installed
    installed=$(find "$scratch/root" -path '*/bin/fovea')
    env -i "$installed" --version && env -i ldd "$installed" | grep -F "$scratch/root" | grep -F libfovea.so
}

library_folder() { dirname "$(find "$scratch/root" -name 'libfovea.so' | head -n 1)"; }

train() {
    LD_LIBRARY_PATH=$(library_folder) "$scratch/train" "$scratch/shapes/images" "$scratch/shapes/train.json" 1 \
        "$scratch/model.safetensors" && [ -s "$scratch/model.safetensors" ]
}

detect() {
    LD_LIBRARY_PATH=$(library_folder) "$scratch/detect" "$scratch/model.safetensors" \
        "$(find "$scratch/shapes/images" -name '*.jpg' | head -n 1)"
}

check "installs" env DESTDIR="$scratch/root" meson install -C "$build" --no-rebuild
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR="$scratch/root"
PKG_CONFIG_PATH=$(dirname "$(find "$scratch/root" -name fovea.pc | head -n 1)")
check "finds its library" finds_its_library
check "has its pages and completion" pages
check "has a header" extract detect
check "has a header" extract train
check "compiles" compile detect
check "compiles" compile train
check "draws a data set" "$fovea" synth --out "$scratch/shapes" --train 4 --val 1 --new 0 --size 96x96
check "trains" train
check "detects" detect

echo "samples: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
