# losses.tsv without the columns that say little here: losses that were not computed, the second learning rate, speed.
BEGIN {
    FS = "\t"
}

{
    for (i = 1; i <= NF; i++) {
        cell[NR, i] = $i
        if (NR > 1 && $i != "nan") known[i] = 1
    }
    columns = NF
}

END {
    for (row = 1; row <= NR; row++) {
        for (i = 1; i <= columns; i++)
            if (known[i] && cell[1, i] !~ /^(learning_rate_disc|records_per_second|seconds)$/)
                printf "%s%s", i == 1 ? "" : "\t", cell[row, i]
        print ""
    }
}
