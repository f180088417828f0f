# Which OpenCL implementations are here. Sourced by run.sh; $root is the repository, $build the tests' build folder.
# shellcheck shell=bash disable=SC2154

# Intel's CPU runtime, from Python's package index, in a folder of its own that later runs find again.
# Prints the library; fails with a sentence on stdout where it can't be had.
intel_runtime() {
    local folder=$root/build/intel library
    if [ ! -e "$folder/complete" ]; then
        [ "$(uname -m)" = x86_64 ] || { printf 'made for x86_64 only\n'; return 1; }
        rm -rf "$folder"
        if ! { python3 -m venv "$folder" && "$folder/bin/pip" -q install intel-opencl-rt intel-cmplr-lib-rt &&
            touch "$folder/complete"; } >"$folder.log" 2>&1; then
            printf 'could not be installed: %s\n' "$(tail -n 1 "$folder.log")"
            return 1
        fi
    fi
    library=$(find "$folder" -name 'libintelocl.so.*' -type f | head -n 1)
    [ -n "$library" ] || { printf 'brought no libintelocl.so\n'; return 1; }
    printf '%s\n' "$library"
}

oclgrind_library() {
    find /usr/lib /usr/local/lib -name liboclgrind-rt-icd.so 2>/dev/null | head -n 1 | grep .
}

make_icd_folder() { # NAME LIBRARY
    mkdir -p "$build/icd/$1"
    printf '%s\n' "$2" >"$build/icd/$1/$1.icd"
}

# One folder for each implementation of the system, fit for OCL_ICD_VENDORS.
make_icd_folders() {
    local file
    rm -rf "$build/icd"
    for file in "${OCL_ICD_VENDORS:-/etc/OpenCL/vendors}"/*.icd; do
        [ -e "$file" ] && make_icd_folder "$(basename "$file" .icd)" "$(head -n 1 "$file")"
    done
}

# Prints a line for each platform: its name, a tab, the OCL_ICD_VENDORS that holds it, a tab, its FOVEA_DEVICE.
list_platforms() {
    local folder index name seen=$'\n'
    for folder in "$build"/icd/*/; do
        while IFS=$'\t' read -r index name; do
            case $seen in *$'\n'"$name"$'\n'*) continue ;; esac
            seen+=$name$'\n'
            printf '%s\t%s\t%s\n' "$name" "${folder%/}" "$index"
        done < <(OCL_ICD_VENDORS=${folder%/} timeout 120 "$build/tests/platforms")
    done
}
