#!/usr/bin/env bash
# Installs what building (and, asked for, testing) needs on Debian and Ubuntu; quick and silent where all is there.
#   bash tests/packages.sh build    compiler, build tools, libraries, PoCL
#   bash tests/packages.sh tests    these, and what tests/run.sh uses
set -u

build=(gcc libc6-dev meson ninja-build pkg-config ocl-icd-opencl-dev pocl-opencl-icd libclblast-dev libjpeg-dev
       libpng-dev libexif-dev libxml2-dev libcjson-dev)
tests=(g++ check)
wanted_by_tests=(oclgrind python3-venv) # tests that need one of these are skipped, and say so, where it can't be had

missing() { # PACKAGE...: those that are not installed, nor here as a command from elsewhere
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            command -v "$package" >/dev/null || printf '%s\n' "$package"
    done
}

apt() { # ARGUMENT...: apt-get as root, without questions
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"
    elif command -v sudo >/dev/null; then
        sudo DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"
    else
        printf 'packages: neither root nor sudo: have an administrator run apt-get %s\n' "$*" >&2
        return 1
    fi
}

main() {
    local needed=("${build[@]}") wished=() absent absent_wished package
    case "${1:-}" in
        build) ;;
        tests) needed+=("${tests[@]}"); wished=("${wanted_by_tests[@]}") ;;
        *) printf 'usage: bash tests/packages.sh build | tests\n' >&2; return 2 ;;
    esac
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        printf 'packages: no apt here; of another distribution these are needed: %s\n' "${needed[*]}" >&2
        return 0
    fi
    mapfile -t absent < <(missing "${needed[@]}")
    mapfile -t absent_wished < <(missing ${wished[@]+"${wished[@]}"})
    [ $((${#absent[@]} + ${#absent_wished[@]})) -gt 0 ] || return 0

    printf 'packages: installing %s\n' "${absent[*]} ${absent_wished[*]}" >&2
    apt update >&2 || printf 'packages: apt-get update failed in part; going on\n' >&2
    if [ ${#absent[@]} -gt 0 ] && ! apt install --no-install-recommends "${absent[@]}" >&2; then
        printf 'packages: these could not be installed: %s\n' "$(missing "${needed[@]}" | tr '\n' ' ')" >&2
        return 1
    fi
    for package in ${absent_wished[@]+"${absent_wished[@]}"}; do
        apt install --no-install-recommends "$package" >&2 ||
            printf 'packages: %s could not be installed; what needs it is skipped\n' "$package" >&2
    done
}

main "$@"
