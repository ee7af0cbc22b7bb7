# All numbers of all rows as TSV. Arguments: SPLIT/ANALYSIS/WHAT/scores, for networks SPLIT/ANALYSIS/WHAT/SEED/scores,
# each what keys-compare printed, those of a ceiling before the others of its split and analysis; beside those of a
# network stands `seconds`, a line for each time that its training was begun or gone on with: user and system time.
BEGIN {
    FS = OFS = "\t"
}

FNR == 1 {
    if (NR > 1) finish()
    parts = split(FILENAME, part, "/")
    count = 0
    told_by = ""
    next
}

# What the judge goes by is named anew in each table: one column for all five.
/^(more|less):/ {
    told_by = told_by (told_by ? " " : "") $1
    next
}

{
    column[++count] = $1
    cell[count] = $2
    if ($1 == "OA") overlap = $2
    if ($1 !~ /^(OA-|records|undefined)/) {
        column[++count] = $1 "-low"
        cell[count] = $3
        column[++count] = $1 "-high"
        cell[count] = $4
    }
}

END {
    finish()
}

function finish(    set, what, i)
{
    set = part[1] "/" part[2]
    what = part[3]
    if (what == "ceiling") ceiling[set] = overlap
    sub(/--/, " --", what)
    if (!printed++) {
        printf "what\tsplit\tanalysis\tseed\tseconds\tOA-share"
        for (i = 1; i <= count; i++) printf "\t%s", column[i]
        print "\ttold-by"
    }
    printf "%s\t%s\t%s\t%s\t%s", what, part[1], part[2], parts == 5 ? part[4] : "-", parts == 5 ? seconds(set) : "-"
    printf "\t%.4f", overlap / ceiling[set]
    for (i = 1; i <= count; i++) printf "\t%s", cell[i]
    print "\t" told_by
}

function seconds(set,    file, line, number, sum)
{
    file = set "/" part[3] "/" part[4] "/seconds"
    while ((getline line <file) > 0) {
        split(line, number, " ")
        sum += number[1] + number[2]
    }
    close(file)
    return sprintf("%.1f", sum)
}
