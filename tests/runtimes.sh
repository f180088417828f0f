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

# A Python with onnxruntime: the system's, or one in a folder of its own that later runs find again. Prints its path;
# fails with a sentence on stdout where it can't be had.
onnx_python() {
    local folder=$root/build/onnx modules='import numpy, onnx, onnxruntime, PIL'
    if python3 -c "$modules" 2>/dev/null; then
        printf 'python3\n'
        return 0
    fi
    if ! "$folder/bin/python" -c "$modules" 2>/dev/null; then
        rm -rf "$folder"
        if ! { python3 -m venv "$folder" && "$folder/bin/pip" -q install numpy onnx onnxruntime pillow &&
            "$folder/bin/python" -c "$modules"; } >"$folder.log" 2>&1; then
            printf 'could not be installed: %s\n' "$(tail -n 1 "$folder.log")"
            return 1
        fi
    fi
    printf '%s\n' "$folder/bin/python"
}

oclgrind_library() {
    find /usr/lib /usr/local/lib -name liboclgrind-rt-icd.so 2>/dev/null | head -n 1 | grep .
}

make_icd_folder() { # NAME LIBRARY
    mkdir -p "$build/icd/$1"
    printf '%s\n' "$2" >"$build/icd/$1/$1.icd"
}

# One folder for each implementation of the system, fit for OCL_ICD_VENDORS, with its platforms.
make_icd_folders() {
    local file
    rm -rf "$build/icd"
    for file in "${OCL_ICD_VENDORS:-/etc/OpenCL/vendors}"/*.icd; do
        [ -e "$file" ] || continue
        make_icd_folder "$(basename "$file" .icd)" "$(head -n 1 "$file")"
        ask_platforms "$(basename "$file" .icd)"
    done
}

# Asks an implementation for its platforms, kept in its folder. One that breaks is a failure, and so is one without
# platforms that the suite installs itself; others may be there for hardware that is not, and count as skipped.
ask_platforms() { # NAME
    local folder=$build/icd/$1 status
    OCL_ICD_VENDORS=$folder timeout -k 10 120 "$build/tests/platforms" >"$folder/platforms"
    status=$?
    if [ $status != 0 ]; then
        record "OpenCL of $1.icd: asked for devices it exits with $status" 0 1 0
    elif [ ! -s "$folder/platforms" ]; then
        case $1 in
            pocl* | python-intel) record "OpenCL of $1.icd: has no device" 0 1 0 ;;
            *) record "OpenCL of $1.icd: has no device here" 0 0 1 ;;
        esac
    fi
}

# Prints a line for each platform: its name, a tab, the OCL_ICD_VENDORS that holds it, a tab, its FOVEA_DEVICE.
list_platforms() {
    local file index name seen=$'\n'
    for file in "$build"/icd/*/platforms; do
        [ -e "$file" ] || continue
        while IFS=$'\t' read -r index name; do
            case $seen in *$'\n'"$name"$'\n'*) continue ;; esac
            seen+=$name$'\n'
            printf '%s\t%s\t%s\n' "$name" "${file%/platforms}" "$index"
        done <"$file"
    done
}
