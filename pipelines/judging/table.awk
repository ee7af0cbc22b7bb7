# The numbers of numbers.awk as one reads them: fewer columns, rounded, intervals in brackets, still TSV.
BEGIN {
    FS = OFS = "\t"
    print "what", "split", "analysis", "seed", "seconds", "OA", "of ceiling", "FD", "novelty", "held out", \
        "novelty-5%", "held out", "diversity", "held out", "AUC", "of rolls", \
        "with loudness", "ends", "repetition", "held out", "same keys", "held out"
}

NR == 1 {
    for (i = 1; i <= NF; i++) at[$i] = i
    next
}

{
    print $at["what"], $at["split"], $at["analysis"], $at["seed"], rounded("seconds", 0), interval("OA", 3), \
        rounded("OA-share", 3), interval("FD", 1), rounded("novelty", 3), rounded("novelty-real", 3), \
        rounded("novelty-5%", 3), rounded("novelty-5%-real", 3), rounded("diversity", 3), rounded("diversity-real", 3), \
        interval("AUC", 3), interval("AUC-roll", 2), interval("AUC-roll+loudness", 2), rounded("ends", 3), rounded("repetition", 2), rounded("repetition-real", 2), \
        rounded("same-keys", 2), rounded("same-keys-real", 2)
}

function rounded(name, digits,    text)
{
    if ($at[name] !~ /^-?[0-9]/) return $at[name]
    text = sprintf("%." digits "f", $at[name])
    if (text + 0 == 0) sub(/^-/, "", text)
    return text
}

function interval(name, digits)
{
    return rounded(name, digits) " (" rounded(name "-low", digits) " to " rounded(name "-high", digits) ")"
}
