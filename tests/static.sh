#!/usr/bin/env bash
# Checks that run nothing:  bash tests/static.sh BUILD
# Headers that stand alone, kernels that a plain compiler reads, clean text, the library's symbols and its silence.
# Ends with "static: N passed, N failed, N skipped".
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
build=$1
passed=0 failed=0 skipped=0

check() { # NAME COMMAND...: passes where the command succeeds; its output is shown where it does not
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n%s\n' "$name" "$output"
    fi
}

skip() { # REASON
    skipped=$((skipped + 1))
    printf 'skipped: %s\n' "$1"
}

files() { # PATTERN...: the repository's files, also where it came without git
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -- "$@"
    else
        find . -type f -not -path './build*' -not -path './.git/*' | sed 's|^\./||' | sort |
            while IFS= read -r file; do
                # shellcheck disable=SC2254 # the patterns are meant to match
                for pattern in "$@"; do case $file in $pattern) printf '%s\n' "$file" ;; esac; done
            done
    fi
}

nothing() { # COMMAND...: succeeds where the command prints nothing
    local found
    found=$("$@")
    printf '%s' "$found"
    [ -z "$found" ]
}

bad_text() {
    files '*.c' '*.h' '*.cl' '*.sh' '*.py' '*.build' '*.md' '.ci/run' | while IFS= read -r file; do
        [ -e "$file" ] || continue
        grep -nHP '\t|[ \r]$' "$file"
        [ -z "$(tail -c 1 "$file")" ] || printf '%s: no newline at its end\n' "$file"
    done
}

loud_library() { # what prints or ends the process, comments and snprintf aside
    files 'lib/*.c' 'lib/*.h' | xargs grep -nHE \
        '(^|[^a-z_])(printf|puts|putchar|perror|exit|_Exit|abort|assert)\(|[^a-z_](stdout|stderr)[^a-z_]' |
        grep -vE ':[0-9]+: *(/?\*|//)'
}

symbols() {
    nm -D --defined-only "$build/lib/libfovea.so" | awk '{print $3}' |
        grep -vE '^(_init|_fini|_edata|_end|__bss_start)$' | sort
}

declared() { # the functions that the public headers declare
    cat lib/fovea*.h | tr '\n' ' ' | grep -oE 'FOVEA_API [^;]*;' | grep -oE 'fovea_[a-z0-9_]+\(' | tr -d '(' | sort -u
}

header_alone() { # COMPILER STANDARD HEADER
    printf '#include "%s"\nint main(void) { return 0; }\n' "$3" |
        "$1" -x "$([ "$1" = g++ ] && printf c++ || printf c)" -std="$2" -Wall -Wextra -Wpedantic -Werror -Ilib \
            -fsyntax-only -
}

every_source() { # by clang, with the warnings of meson.build; gcc had them when it built
    local folder libraries include=(-I"$build/tests")
    for folder in lib lib/*/ tests/*/ bench/*/ apps; do include+=("-I$folder"); done
    read -ra libraries < <(pkg-config --cflags-only-I libxml-2.0)
    files '*.c' | xargs clang -fsyntax-only -std=c11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Werror -D_POSIX_C_SOURCE=200809L -DCL_TARGET_OPENCL_VERSION=120 -DFOVEA_TEST_SOURCE='""' \
        -DFOVEA_PROGRAM='""' "${include[@]}" ${libraries[@]+"${libraries[@]}"}
}

# What a kernel's comment names as -DNAME, or in capitals in the sentence that begins with "-D:"; not what it defines.
options_of() { # FILE
    local comment
    comment=$(sed '/\*\//q' "$1" | tr '\n' ' ')
    {
        grep -oE -e '-D[A-Z][A-Z0-9_]+' <<<"$comment" | sed 's/^-D//'
        grep -oE -e '-D:[^.]*' <<<"$comment" | sed 's/^-D//' | grep -oE '\b[A-Z][A-Z0-9_]+\b'
    } | sort -u | grep -vxFf <(sed -n 's/^ *# *define *\([A-Z0-9_]*\).*/\1/p' "$1"; echo)
}

kernel_compiles() { # FILE CLANG_OPTION...: kernels see common.cl first
    { echo '#include "cl_kernels/common.cl"'; [ "$1" = cl_kernels/common.cl ] || cat "$1"; } |
        clang -I. -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -Wall -Werror -fsyntax-only "${@:2}" -
}

# Every option is 4. Where some choose between parts of the file, once with and once without those.
kernel_alone() { # FILE
    local option chosen define=() without=()
    chosen=$(sed -nE 's/^ *# *ifn?def +([A-Z0-9_]+).*/\1/p' "$1")
    for option in $(options_of "$1"); do
        define+=("-D$option=4")
        grep -qx "$option" <<<"$chosen" || without+=("-D$option=4")
    done
    if [ -z "$chosen" ]; then
        kernel_compiles "$1" ${define[@]+"${define[@]}"}
    else
        kernel_compiles "$1" -Wno-unused-function "${define[@]}" &&
            kernel_compiles "$1" -Wno-unused-function ${without[@]+"${without[@]}"}
    fi
}

shell_scripts() {
    files '*.sh' .ci/run | xargs shellcheck -x
}

for header in lib/fovea*.h; do
    check "$header alone, C11" header_alone gcc c11 "$(basename "$header")"
    check "$header alone, C++11" header_alone g++ c++11 "$(basename "$header")"
done
if command -v clang >/dev/null; then
    check "C files, by clang" every_source
    for kernel in cl_kernels/*.cl; do
        check "$kernel" kernel_alone "$kernel"
    done
else
    skip "clang is not here to read C files and kernels"
fi
if command -v shellcheck >/dev/null; then
    check "shell scripts" shell_scripts
else
    skip "shellcheck is not here"
fi
check "tabs, trailing blanks, last newlines" nothing bad_text
check "lib/ neither prints nor exits" nothing loud_library
check "exported is what the public headers declare" diff <(declared) <(symbols)

printf 'static: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
