# TSV in columns as wide as they need be: the first to the left, the others to the right.
BEGIN {
    FS = "\t"
}

{
    for (i = 1; i <= NF; i++) {
        cell[NR, i] = $i
        if (length($i) > width[i]) width[i] = length($i)
    }
}

END {
    for (row = 1; row <= NR; row++) {
        printf "%-" width[1] "s", cell[row, 1]
        for (i = 2; i <= NF; i++) printf "  %" width[i] "s", cell[row, i]
        print ""
    }
}
