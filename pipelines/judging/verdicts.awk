# What the numbers of numbers.awk say of the design of demo.yaml: TSV, a line for each split and seed. A number that is
# not defined never passes.
BEGIN {
    FS = OFS = "\t"
    bar = 0.92
    print "split", "seed", "of ceiling", bar " or more", "OA above looped Markov's", "FD below its", "novelty no less", \
        "diversity like songs"
}

NR == 1 {
    for (i = 1; i <= NF; i++) at[$i] = i
    next
}

$at["analysis"] != "harmonic" {
    next
}

$at["what"] == "ceiling" || $at["what"] == "markov-frame --looped" {
    for (name in at) row[$at["what"], $at["split"], name] = $at[name]
}

$at["what"] == "time" {
    lines++
    for (name in at) row[lines, name] = $at[name]
}

END {
    for (i = 1; i <= lines; i++) {
        s = row[i, "split"]
        print s, row[i, "seed"], sprintf("%.3f", row[i, "OA-share"]), verdict(least(bar, row[i, "OA-share"])), \
            verdict(less(markov("OA-high"), row[i, "OA-low"])), verdict(less(row[i, "FD-high"], markov("FD-low"))), \
            verdict(least(row[i, "novelty-real"], row[i, "novelty"])), verdict(like_songs())
    }
}

function markov(name)
{
    return row["markov-frame --looped", s, name]
}

# Between the ends of the intervals of held-out and of training songs.
function like_songs(    training)
{
    training["low"] = row["ceiling", s, "diversity-low"]
    training["high"] = row["ceiling", s, "diversity-high"]
    return (least(training["low"], row[i, "diversity"]) || least(row[i, "diversity-real-low"], row[i, "diversity"])) &&
        (least(row[i, "diversity"], training["high"]) || least(row[i, "diversity"], row[i, "diversity-real-high"]))
}

function defined(x)
{
    return x ~ /^-?[0-9]/
}

function least(a, b)
{
    return defined(a) && defined(b) && a + 0 <= b + 0
}

function less(a, b)
{
    return defined(a) && defined(b) && a + 0 < b + 0
}

function verdict(passed)
{
    return passed ? "yes" : "no"
}
