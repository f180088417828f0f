# From fovea.h, a row for each function that it declares: {"fovea_version", (void (*)(void))fovea_version},
/^FOVEA_API/ && match($0, /fovea_[a-z0-9_]+\(/) {
    name = substr($0, RSTART, RLENGTH - 1)
    print "{\"" name "\", (void (*)(void))" name "},"
}
