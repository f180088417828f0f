#!/usr/bin/env bash
# Runs one test and judges it:  run_program.sh SECONDS FOLDER BUILD SOURCE
# SOURCE is a .c file, whose program stands in BUILD/tests, or a .sh file, which is given BUILD's command.
# Leaves its output in FOLDER/NAME.log and "PASSED FAILED SKIPPED SECONDS" beside it in .log.counts. A program that
# crashes, takes longer than SECONDS, ends without its closing line or with a status that contradicts it, or does nothing
# has one failure more; where $OCLGRIND_LOG is set, also one about which Oclgrind has something to say.
set -u

seconds=$1 build=$3 source=$4
name=$(basename "${source%.*}")
log=$2/$name.log
passed=0 failed=0 skipped=0

exec >"$log" 2>&1

blame() { # TEXT: one failure more, told in the log
    failed=$((failed + 1))
    printf '%s: %s\n' "$name" "$1"
}

if [ -n "${OCLGRIND_LOG:-}" ]; then
    export OCLGRIND_LOG=$log.oclgrind
    rm -f "$OCLGRIND_LOG"
fi
case $source in
    *.sh) command=(bash "$source" "$build/apps/fovea") ;;
    *) command=("$build/tests/$name") ;;
esac
timeout -k 10 "$seconds" "${command[@]}" </dev/null
status=$?

closing=$(grep -aE '^[a-z0-9_]+: [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
if [ -n "$closing" ]; then
    read -r passed failed skipped < <(sed 's/^[^:]*: //; s/[a-z,]//g' <<<"$closing")
fi
case $status in
    124 | 137) blame "not done after $seconds seconds" ;;
    0 | 77) if [ -z "$closing" ]; then blame "ended without its closing line"
            elif [ "$failed" != 0 ]; then blame "exited with $status in spite of failures"
            elif [ $((passed + skipped)) = 0 ]; then blame "ran nothing and skipped nothing"; fi ;;
    1) [ "$failed" != 0 ] || blame "exited with 1, its closing line names no failure" ;;
    *) blame "exited with $status" ;;
esac
if [ -s "${OCLGRIND_LOG:-}" ]; then
    cat "$OCLGRIND_LOG"
    blame "Oclgrind reports errors"
fi
printf '%d %d %d %d\n' "$passed" "$failed" "$skipped" "$SECONDS" >"$log.counts"
