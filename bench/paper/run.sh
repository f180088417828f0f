#!/usr/bin/env bash
# The experiments of "Focal Loss for Dense Object Detection", in a size for two CPU cores:
#   bash bench/paper/run.sh [--quick] [--only TEXT] [--steps N] [--fovea FILE] [--work DIR] [--out DIR]
# --quick: seven rows of one seed, half as long. --only: rows whose NAME-DATA-SEED holds TEXT. --steps: a trial, into WORK.
# A row that is done is kept in OUT/rows and not run again while its options, steps and data stay the same; one that was
# killed goes on from its last checkpoint in WORK.
# Real pictures are taken from $FOVEA_TEST_DATA or ../shared, where there are any. Python, where it is, draws and tabulates.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
quick='' only='' steps='' fovea=$root/build/apps/fovea work='' out=''
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1 ;;
    --only | --steps | --fovea | --work | --out)
        [ $# -gt 1 ] || { echo "run.sh: $1 needs a value" >&2; exit 2; }
        declare "${1#--}=$2"
        shift
        ;;
    *)
        sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        [ "$1" = --help ] && exit 0 || exit 2
        ;;
    esac
    shift
done
work=${work:-$root/build/paper${quick:+_quick}}
[ -z "$steps" ] || out=${out:-$work/results}
out=${out:-$here/results${quick:+/quick}}
steps=${steps:-${quick:+400}} steps=${steps:-1000}
shared=${FOVEA_TEST_DATA:-$root/../shared}
weights=$shared/weights/resnet18_imagenet_partial.safetensors
commit=$(git -C "$root" describe --always --exclude '*' 2>/dev/null || echo unknown)
# Rows that are not committed yet change nothing of the program.
[ -z "$(git -C "$root" status --porcelain -- . ':!bench/paper/results' 2>/dev/null)" ] || commit=$commit-dirty
mkdir -p "$work" "$out/rows"

# NAME  OPTIONS: everything else is the default, focal loss with alpha .25 and gamma 2 and a prior of .01.
options_of() {
    case $1 in
    *_unlimited) echo "$(options_of "${1%_unlimited}") --lr 0.00125 --clip 0" ;;
    ce_standard) echo "--loss ce --prior 0.5" ;;
    ce_prior) echo "--loss ce" ;;
    ce_alpha_*) echo "--loss ce --alpha 0.${1#ce_alpha_}" ;;
    focal) echo "" ;;
    gamma_0.1 | gamma_0.2) echo "--gamma ${1#gamma_} --alpha 0.75" ;;
    gamma_0.5) echo "--gamma 0.5 --alpha 0.5" ;;
    gamma_*) echo "--gamma ${1#gamma_}" ;;
    ohem) echo "--loss ohem" ;;
    ohem_nms_7) echo "--loss ohem --ohem-nms 0.7" ;;
    ohem_ratio) echo "--loss ohem --ohem-ratio" ;;
    ohem_*) echo "--loss ohem --ohem-batch ${1#ohem_}" ;;
    anchors_1x1) echo "--anchor-scales 1 --anchor-ratios 1" ;;
    anchors_2x3) echo "--anchor-scales 2" ;;
    resnet50 | resnet101) echo "--backbone $1" ;;
    *) echo "run.sh: no row is named $1" >&2; return 1 ;;
    esac
}

text() { # as a JSON string
    printf '"%s"' "$(printf '%s' "$1" | tr '\n\t' '  ' | sed 's/[\\"]/\\&/g')"
}

field() { # NAME FILE: the first text of that name in JSON as the command indents it
    sed -n "s/^[[:space:]]*\"$1\":[[:space:]]*\"\(.*\)\",*\$/\1/p" "$2" | sed -n 1p
}

hard_set() { # drawn anew by each call, in seconds, so that it is always that of this program
    rm -rf "$work/hard"
    "$fovea" synth --hard --train 400 --val 100 --new 0 --seed 1 --out "$work/hard" >&2
}

folder_of() { # DATA
    [ "$1" = hard ] && echo "$work/hard" || echo "$shared/data/$1"
}

sum_of() { # DATA: of its boxes, pictures and the weights that its trainings begin with; empty where it is not there
    local folder
    folder=$(folder_of "$1")
    [ -e "$folder/train.json" ] || return 0
    {
        cat "$folder/train.json" "$folder/val.json" "$folder"/images/*
        cat "$weights" 2>/dev/null || true
    } | cksum | sed 's/ .*//'
}

own_options() { # NAME DATA
    local options="--backbone resnet18 --channels 64 --head-depth 2 --size 256 --max-size 400 --batch 2 --lr 0.005"
    options="$options --steps $steps $(options_of "$1")" # of an option given twice the last counts
    [[ $1 == resnet* || ! -e $weights ]] || options="$options --weights $(basename "$weights")"
    echo "$options"
}

# All that decides a row's result, the program and the device left out: the first line of its file and of its folder's note.
head_of() { # NAME DATA SEED
    local sum=sum_$2
    printf '{"row": %s, "data": %s, "seed": %s, "steps": %s, "options": %s, "data_sum": %s,\n' "$(text "$1")" \
        "$(text "$2")" "$3" "$steps" "$(text "$(own_options "$1" "$2")")" "$(text "${!sum}")"
}

is_done() { # NAME DATA SEED: its file tells of this row; where the data is not here, any file does
    local file=$out/rows/$1-$2-$3.json sum=sum_$2
    [ -e "$file" ] && { [ -z "${!sum}" ] || [ "$(sed -n 1p "$file")" = "$(head_of "$@")" ]; }
}

write_row() { # KEY RUN RESULT
    local seconds device
    seconds=$(sed -n 's/.*"images_per_second":\([0-9.e+-]*\).*/\1/p' "$2/log.jsonl" |
        awk '{ s += 2 / $1 } END { printf "%.0f", s }')
    device="$(field platform "$2/config.json"), $(field name "$2/config.json")"
    {
        cat "$2/row"
        printf ' "seconds": %s, "cpu_seconds": %s, "machine": %s, "commit": %s,\n %s}\n' "$seconds" \
            "$(awk '{ s += $1 + $2 } END { printf "%.0f", s }' "$2/cpu")" "$(text "$device; $(uname -sm), $(nproc) cores")" \
            "$(text "$commit")" "$3"
    } >"$out/rows/$1.json.part"
    mv "$out/rows/$1.json.part" "$out/rows/$1.json"
}

row() { # NAME DATA SEED
    local key=$1-$2-$3 folder own run=$work/$1-$2-$3 code sum=sum_$2 TIMEFORMAT='%U %S'
    [[ $key == *"$only"* ]] && ! is_done "$@" || return 0
    if [ -z "${!sum}" ]; then
        echo "$key: skipped, $(folder_of "$2") is not there" >&2
        return 0
    fi
    echo "$key" >&2
    folder=$(folder_of "$2")
    head_of "$@" | cmp -s - "$run/row" || rm -rf "$run" # nothing of another row is gone on with
    mkdir -p "$run"
    head_of "$@" >"$run/row"
    read -ra own <<<"$(own_options "$1" "$2")"
    [ "${own[-2]}" != --weights ] || own[-1]=$weights
    set +e
    { time "$fovea" train --no-tune --images "$folder/images" --annotations "$folder/train.json" \
        --val-annotations "$folder/val.json" --out "$run" --eval-every 1000000 --seed "$3" --resume "${own[@]}" 2>&3; } \
        3>&1 >/dev/null 2>>"$run/cpu" | tee "$work/said" >&2
    code=${PIPESTATUS[0]}
    set -e
    if [ "$code" = 0 ]; then
        write_row "$key" "$run" "\"evaluation\": $(cat "$run/evaluation.json")"
    elif grep -q 'the weights are those before the step' "$work/said"; then
        write_row "$key" "$run" "\"diverged\": $(text "$(grep 'the weights are those before the step' "$work/said" |
            tail -n 1)")"
    else
        echo "run.sh: $key ended with $code; call again to go on" >&2
        exit "$code"
    fi
    collect
}

collect() { # the rows that are done, in one file
    local spec each between=''
    {
        printf '['
        for spec in "${list[@]}"; do
            read -ra each <<<"$spec"
            is_done "${each[@]}" || continue
            printf '%s\n' "$between"
            cat "$out/rows/${each[0]}-${each[1]}-${each[2]}.json"
            between=,
        done
        printf ']\n'
    } >"$out/results.json.part"
    mv "$out/results.json.part" "$out/results.json"
}

# The paper's Figure 4: how sure the trained model is of each anchor; anew where this model was trained since.
anchors() {
    local run=$work/focal-hard-1
    is_done focal hard 1 && [ -e "$run/model.safetensors" ] || return 0
    [ ! -e "$out/anchors.json" ] || [ "$run/model.safetensors" -nt "$out/anchors.json" ] || return 0
    "$fovea" evaluate --model "$run/model.safetensors" --images "$work/hard/images" \
        --annotations "$work/hard/val.json" --anchor-scores "$out/anchors.json" >/dev/null
}

main_rows=(focal ce_prior ce_alpha_75 ce_standard ohem ohem_ratio anchors_1x1)
list=("${main_rows[@]/%/ hard 1}") # in this order, so that what is done first says most
if [ -z "$quick" ]; then
    for name in focal ce_prior ce_alpha_75 ohem ce_standard; do list+=("$name bccd 1"); done
    for name in focal ce_prior ce_alpha_75 ohem; do list+=("$name chess 1"); done
    for name in gamma_0.1 gamma_0.2 gamma_0.5 gamma_1 gamma_5 ce_alpha_25 ce_alpha_50 ce_alpha_90 ce_alpha_99 \
        focal_unlimited ce_prior_unlimited ce_standard_unlimited ohem_nms_7 ohem_256 ohem_512 anchors_2x3 \
        resnet50 resnet101; do
        list+=("$name hard 1")
    done
    list+=("${main_rows[@]/%/ hard 2}" "${main_rows[@]/%/ hard 3}")
fi
hard_set
for name in hard bccd chess; do declare "sum_$name=$(sum_of "$name")"; done
for spec in "${list[@]}"; do
    read -ra each <<<"$spec"
    row "${each[@]}"
    anchors
done
collect
not_run=()
for spec in "${list[@]}"; do
    read -ra each <<<"$spec"
    is_done "${each[@]}" || not_run+=("${spec// /-}")
done
if command -v python3 >/dev/null; then
    python3 "$here/table.py" "$out" "${not_run[@]}"
else
    echo "results are in $out/results.json; python3, which tabulates and draws them, is not here" >&2
fi
