#!/usr/bin/env bash
# The experiments of "Focal Loss for Dense Object Detection", in a size for two CPU cores:
#   bash bench/paper/run.sh [--quick] [--only TEXT] [--steps N] [--fovea FILE] [--work DIR] [--out DIR]
# --quick: seven rows of one seed, half as long. --only: rows whose NAME-DATA-SEED holds TEXT.
# A row that is done is kept in OUT/rows and not run again; one that was killed goes on from its last checkpoint in WORK.
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
        sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        [ "$1" = --help ] && exit 0 || exit 2
        ;;
    esac
    shift
done
steps=${steps:-${quick:+500}} steps=${steps:-1000}
work=${work:-$root/build/paper${quick:+_quick}}
out=${out:-$here/results${quick:+/quick}}
shared=${FOVEA_TEST_DATA:-$root/../shared}
weights=$shared/weights/resnet18_imagenet_partial.safetensors
mkdir -p "$work" "$out/rows"

# NAME  OPTIONS: everything else is the default, focal loss with alpha .25 and gamma 2 and a prior of .01.
options_of() {
    case $1 in
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

hard_set() {
    [ -e "$work/hard/val.json" ] && return
    rm -rf "$work/hard"
    "$fovea" synth --hard --train 400 --val 100 --new 0 --seed 1 --out "$work/hard" >&2
}

write_row() { # KEY NAME DATA SEED OPTIONS RUN RESULT
    local seconds device
    seconds=$(sed -n 's/.*"images_per_second":\([0-9.e+-]*\).*/\1/p' "$6/log.jsonl" |
        awk '{ s += 2 / $1 } END { printf "%.0f", s }')
    device="$(field platform "$6/config.json"), $(field name "$6/config.json")"
    {
        printf '{"row": %s, "data": %s, "seed": %s, "steps": %s, "options": %s, "seconds": %s,\n' \
            "$(text "$2")" "$(text "$3")" "$4" "$steps" "$(text "$5")" "$seconds"
        printf ' "machine": %s, "commit": %s,\n %s}\n' "$(text "$device; $(uname -sm), $(nproc) cores")" \
            "$(text "$(git -C "$root" describe --always --dirty --exclude '*' 2>/dev/null || echo unknown)")" "$7"
    } >"$out/rows/$1.json.part"
    mv "$out/rows/$1.json.part" "$out/rows/$1.json"
}

row() { # NAME DATA SEED
    local key=$1-$2-$3 folder=$work/hard images own run=$work/$1-$2-$3 code options
    [[ $key == *"$only"* ]] && [ ! -e "$out/rows/$key.json" ] || return 0
    options="--backbone resnet18 --channels 64 --head-depth 2 --size 256 --max-size 400 --batch 2 --lr 0.005"
    options="$options --clip 0 --steps $steps $(options_of "$1")"
    [ "$2" = hard ] || { folder=$shared/data/$2; [ ! -e "$weights" ] || options="$options --weights $weights"; }
    if [ ! -e "$folder/train.json" ]; then
        echo "$key: skipped, $folder is not there" >&2
        return 0
    fi
    images=$folder/images
    echo "$key" >&2
    read -ra own <<<"$options"
    set +e
    "$fovea" train --no-tune --images "$images" --annotations "$folder/train.json" --val-annotations "$folder/val.json" \
        --out "$run" --eval-every 1000000 --seed "$3" --resume "${own[@]}" 2>&1 >/dev/null |
        tee "$work/said" >&2
    code=${PIPESTATUS[0]}
    set -e
    options=${options//"$weights"/"$(basename "$weights")"}
    if [ "$code" = 0 ]; then
        write_row "$key" "$1" "$2" "$3" "$options" "$run" "\"evaluation\": $(cat "$run/evaluation.json")"
    elif grep -q 'the weights are those before the step' "$work/said"; then
        write_row "$key" "$1" "$2" "$3" "$options" "$run" \
            "\"diverged\": $(text "$(grep 'the weights are those before the step' "$work/said" | tail -n 1)")"
    else
        echo "run.sh: $key ended with $code; call again to go on" >&2
        exit "$code"
    fi
    collect
}

collect() { # all rows, in one file
    local file between=''
    {
        printf '['
        for file in "$out"/rows/*.json; do
            [ -e "$file" ] || continue
            printf '%s\n' "$between"
            cat "$file"
            between=,
        done
        printf ']\n'
    } >"$out/results.json.part"
    mv "$out/results.json.part" "$out/results.json"
}

# The paper's Figure 4: how sure the trained model is of each anchor.
anchors() {
    local run=$work/focal-hard-1
    [ -e "$out/rows/focal-hard-1.json" ] && [ -e "$run/model.safetensors" ] && [ ! -e "$out/anchors.json" ] || return 0
    "$fovea" evaluate --model "$run/model.safetensors" --images "$work/hard/images" \
        --annotations "$work/hard/val.json" --anchor-scores "$out/anchors.json" >/dev/null
}

main_rows=(focal ce_alpha_75 ce_prior ce_standard ohem ohem_ratio anchors_1x1)
hard_set
for name in "${main_rows[@]}"; do row "$name" hard 1; done
anchors
if [ -z "$quick" ]; then
    for name in ce_alpha_25 ce_alpha_50 ce_alpha_90 ce_alpha_99 gamma_0.1 gamma_0.2 gamma_0.5 gamma_1 gamma_5 \
        ohem_nms_7 ohem_256 ohem_512 anchors_2x3 resnet50 resnet101; do
        row "$name" hard 1
    done
    for name in focal ce_alpha_75 ce_prior ohem ce_standard; do row "$name" bccd 1; done
    for name in focal ce_alpha_75 ce_prior ohem; do row "$name" chess 1; done
    for seed in 2 3; do
        for name in "${main_rows[@]}"; do row "$name" hard "$seed"; done
    done
fi
collect
if command -v python3 >/dev/null; then
    python3 "$here/table.py" "$out"
else
    echo "results are in $out/results.json; python3, which tabulates and draws them, is not here" >&2
fi
