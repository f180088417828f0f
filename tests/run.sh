#!/usr/bin/env bash
# Every test on every OpenCL implementation that is here:  bash tests/run.sh
# Installs what is missing, builds with -Werror, and runs: static checks; programs that need no device, once; all others
# on each implementation; the kernels under Oclgrind with its race and API checks; unit tests and fuzzers with ASan and
# UBSan. Ends with "N passed, N failed, N skipped" and exits 1 where anything failed. Logs stay in build/tests/logs,
# times go to stderr.
set -u
unset FOVEA_TEST_ONLY FOVEA_KERNEL_DIR FOVEA_VECTOR_WIDTH CK_RUN_CASE CK_RUN_SUITE CK_INCLUDE_TAGS CK_EXCLUDE_TAGS
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/tests
logs=$build/logs
passed=0 failed=0 skipped=0
# shellcheck source=tests/runtimes.sh
. "$root/tests/runtimes.sh"

record() { # NAME PASSED FAILED SKIPPED
    printf '%s: %d passed, %d failed, %d skipped\n' "$@"
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
}

configure_and_build() { # FOLDER MESON_OPTION...
    local folder=$1 log=$1.log
    shift
    mkdir -p "$root/build"
    if { [ -e "$folder/build.ninja" ] || meson setup "$folder" "$root" -Dwerror=true "$@"; } >"$log" 2>&1 &&
        ninja -C "$folder" >>"$log" 2>&1; then
        return 0
    fi
    tail -n 40 "$log"
    record "Build in ${folder#"$root/"}" 0 1 0
    return 1
}

# Prints the tests of some suites that need a device ("device") or none ("alone"): tests/SUITE/test_NAME.c, fuzz_NAME.c,
# or .sh for tests of the command. The source of a program says whether.
tests_of() { # device|alone SUITE...
    local kind=$1 suite source
    shift
    for suite in "$@"; do
        for source in "$root/tests/$suite"/{test_*.c,test_*.sh,fuzz_*.c}; do
            [ -e "$source" ] || continue
            case $source in *.sh) [ "$kind" = device ] ;;
                *) [ "$kind" = "$(grep -qE "needs_device|support_device" "$source" && echo device || echo alone)" ] ;;
            esac && printf '%s\n' "$source"
        done
    done
}

# Runs the tests named on stdin, sums their counts and shows the end of each log that tells of a failure. A test that
# left no counts is a failure, and so is a list without tests.
run_tests() { # NAME BUILD AT_A_TIME SECONDS_EACH
    local name=$1 folder tests source log sums=(0 0 0) now start=$SECONDS longest=(none 0)
    folder=$logs/$(tr -c 'A-Za-z0-9\n' _ <<<"$name")
    rm -rf "$folder"
    mkdir -p "$folder"
    mapfile -t tests
    if [ "${#tests[@]}" = 0 ]; then
        record "$name: no tests" 0 1 0
        return
    fi
    printf '%s\n' "${tests[@]}" | xargs -d '\n' -n 1 -P "$3" bash "$root/tests/run_program.sh" "$4" "$folder" "$2"
    for source in "${tests[@]}"; do
        log=$folder/$(basename "${source%.*}").log
        now=(0 1 0 0)
        if [ -s "$log.counts" ]; then read -ra now <"$log.counts"; else printf '%s was lost\n' "$source" >>"$log"; fi
        sums=($((sums[0] + now[0])) $((sums[1] + now[1])) $((sums[2] + now[2])))
        [ "${now[3]}" -le "${longest[1]}" ] || longest=("$(basename "$log" .log)" "${now[3]}")
        if [ "${now[1]}" != 0 ]; then printf -- '---- %s\n' "${log#"$root/"}" && tail -n 30 "$log"; fi
    done
    record "$name" "${sums[@]}"
    printf '    %d s; the longest was %s, %d s\n' $((SECONDS - start)) "${longest[@]}" >&2
}

run_static() {
    local output
    output=$(bash "$root/tests/static.sh" "$build")
    grep -v '^static:' <<<"$output"
    # shellcheck disable=SC2046 # three numbers
    record "Static checks" $(tail -n 1 <<<"$output" | sed 's/^static: //; s/[a-z,]//g')
}

run_everywhere() { # and convolutions once more as devices with registers of 8 floats cut them
    local name folder index ran=0
    while IFS=$'\t' read -r name folder index; do
        ran=1
        OCL_ICD_VENDORS=$folder FOVEA_DEVICE=$index \
            run_tests "$name" "$build" 2 900 < <(tests_of device ops net api e2e)
        OCL_ICD_VENDORS=$folder FOVEA_DEVICE=$index FOVEA_VECTOR_WIDTH=8 FOVEA_TEST_ONLY=every_algorithm \
            run_tests "$name, 8 floats a register" "$build" 1 900 <<<"$root/tests/ops/test_conv2d.c"
    done < <(list_platforms)
    [ $ran = 0 ] || return
    if dpkg-query -W pocl-opencl-icd >/dev/null 2>&1; then
        record "No OpenCL implementation, though pocl-opencl-icd is installed" 0 1 0
    fi
    run_tests "No OpenCL implementation" "$build" 2 900 < <(tests_of device ops net api e2e)
}

run_oclgrind() {
    local library
    if ! library=$(oclgrind_library); then
        printf 'Oclgrind is not here\n'
        record Oclgrind 0 0 1
        return
    fi
    make_icd_folder oclgrind "$library"
    OCL_ICD_VENDORS=$build/icd/oclgrind FOVEA_DEVICE=Oclgrind OCLGRIND_CHECK_API=1 OCLGRIND_DATA_RACES=1 \
        OCLGRIND_LOG=yes OCLGRIND_NUM_THREADS=1 run_tests Oclgrind "$build" 2 900 < <(tests_of device ops)
}

run_sanitized() { # the unit tests once more, on PoCL where it is here
    local platforms name folder index
    platforms=$(list_platforms)
    IFS=$'\t' read -r name folder index < <(grep '^Portable' <<<"$platforms" || printf '%s\n' "$platforms")
    configure_and_build "$root/build/sanitized" -Db_sanitize=address,undefined -Db_lundef=false \
        -Dbuildtype=debugoptimized || return
    export ASAN_OPTIONS=protect_shadow_gap=0:detect_stack_use_after_return=1
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    export LSAN_OPTIONS=suppressions=$root/tests/lsan.supp:print_suppressions=0
    OCL_ICD_VENDORS=$folder FOVEA_DEVICE=$index run_tests "ASan and UBSan" "$root/build/sanitized" 2 900 \
        < <(tests_of alone ops net api fuzz; tests_of device ops net api)
}

# One folder an implementation: those of the system, and Intel's from Python's package index where the system has none.
find_runtimes() {
    local intel
    make_icd_folders
    if ! list_platforms | grep -q '^Intel(R) OpenCL'; then
        if intel=$(intel_runtime); then
            make_icd_folder python-intel "$intel"
            ask_platforms python-intel
        else
            printf 'Intel(R) OpenCL: skipped: %s\n' "$intel"
            skipped=$((skipped + 1))
        fi
    fi
}

# For tests/e2e/test_onnxruntime.sh, which skips where there is none.
find_onnx() {
    local found
    if found=$(onnx_python); then
        export FOVEA_TEST_PYTHON=$found
    else
        printf 'onnxruntime: %s\n' "$found"
    fi
}

main() {
    if ! bash "$root/tests/packages.sh" tests; then
        record Packages 0 1 0
    elif configure_and_build "$build"; then
        export XDG_CACHE_HOME=$root/build/cache
        run_static
        run_tests "Without a device" "$build" 1 300 < <(tests_of alone ops net api e2e fuzz)
        find_runtimes
        find_onnx
        run_everywhere
        run_oclgrind
        run_sanitized
    fi
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ]
}

main
