#!/usr/bin/python3
# --help of every program against its man page, both ways: options, values, ranges, defaults, operands. Every page by
# itself: what mandoc says of it, its width on a terminal, the pages that it refers to.
import glob
import os
import re
import subprocess
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
bin_folder = os.environ.get("BIN", os.path.join(root, "bin"))
sys.path.insert(0, os.path.join(root, "tests"))
sys.dont_write_bytecode = True
from tap import done, ok  # noqa: E402


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20).stdout.decode()


def rows(text, indent):
    """{(letter, name): (has a value, the value's name, text)} of lines "-w, --width=SEMITONES  text" and what follows."""
    tag = re.compile(r"^ {%s}(?:-(\w), )? *--([\w-]+)(=(\S+(?: \| \S+)*))?(?:\s+(.*))?$" % indent)
    found, row = {}, None
    for line in text.split("\n"):
        match = tag.match(line)
        if match:
            row = (match[1] or "", match[2])
            found[row] = (match[3] is not None, match[4] or "", match[5] or "")
        elif re.match(r"^\S", line):
            row = None
        elif row:
            found[row] = found[row][:2] + (found[row][2] + " " + line.strip(),)
    return found


def numbers(text):
    return {float(number) for number in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text)}


def missing_in_man(help_row, man_row):
    """What --help says of an option and the page does not."""
    has_value, value_name, text = help_row
    man_text = man_row[1] + " " + man_row[2]
    if has_value != man_row[0]:
        return ["a value" if has_value else "that there is no value"]
    stated = re.search(r"\(([^()]*)\)$", text.strip())
    stated = stated[1] if has_value and stated and re.search(r"default|from|integer|real", stated[1]) else ""
    wanted = sorted(map(str, numbers(stated) - numbers(man_text)))
    default = re.search(r"default (\S+)$", stated)
    words = (value_name.split("|") if "|" in value_name else []) + ([default[1]] if default else [])
    return wanted + [word for word in words if not numbers(word) and word not in man_text]


def operand_words(synopsis):
    """Lower-case words beside the options, in brackets or not, and their values."""
    bare = re.sub(r"\[-[^][]*\]", " ", synopsis)
    bare = re.sub(r"(?<=\s)--?\w[\w-]*[= ]\w+", " ", bare)
    return {word.lower() for word in re.findall(r"[A-Za-z]{1,}", bare)}


def check(program):
    page = os.path.join(root, "man", program + ".1")
    if not os.path.exists(page):
        return ok(False, program + " has a man page")
    text = output("mandoc", "-T", "ascii", "-O", "width=900", page)
    text = re.sub(".\b", "", text)
    in_help, in_man = rows(output(os.path.join(bin_folder, program), "--help"), "2,8"), rows(text, "5,8")
    ok(len(in_help) >= 2, program + ": --help is understood")
    for row, name in [((letter, name), "-%s, --%s" % (letter, name) if letter else "--" + name) for letter, name in in_help]:
        missing = missing_in_man(in_help[row], in_man[row]) if row in in_man else ["the option"]
        ok(not missing, "%s: the page agrees on %s" % (program, name), "missing: " + ", ".join(missing))
    ok(not in_man.keys() - in_help.keys(), program + ": the page has no other options", in_man.keys() - in_help.keys())
    usage = re.search(r"\[OPTION \.\.\.\] ?(.*)", output(os.path.join(bin_folder, program), "--help"))
    synopsis = re.search(r"\nSYNOPSIS\n(.*?)\n[A-Z]", text, re.S)
    ours = operand_words(usage[1] if usage else "")
    theirs = operand_words(synopsis[1].replace(program, "") if synopsis else "no synopsis")
    unmatched = [a for a in ours if not any(a.startswith(b) or b.startswith(a) for b in theirs)]
    unmatched += [b for b in theirs if not any(a.startswith(b) or b.startswith(a) for a in ours)]
    ok(not unmatched, program + ": the same operands", ", ".join(unmatched))


for source in sorted(glob.glob(os.path.join(root, "filters", "*.c"))):
    check(os.path.basename(source)[:-2])
pages = sorted(glob.glob(os.path.join(root, "man", "*.[0-9]")))
for page in pages:
    name = os.path.basename(page)
    lint = [line for line in output("mandoc", "-T", "lint", "-W", "style", page).split("\n")
            if line and "mandoc.db" not in line and "referenced manual not found" not in line]
    ok(not lint, "mandoc finds nothing in " + name, "; ".join(lint))
    shown = re.sub(".\b", "", output("mandoc", "-T", "utf8", "-O", "width=78", page))
    wide = [line for line in shown.split("\n") if len(line) > 80]
    ok(not wide, name + " has no line of more than 80 columns", "; ".join(wide))
    # Pages that are not installed yet: ours must be in the folder.
    seen = re.findall(r"^\.Xr ([\w-]+) (\d)", open(page).read(), re.M)
    lost = ["%s(%s)" % one for one in seen if re.match(r"musigan|gan-|tensor-|.*-to-", one[0])
            and os.path.join(root, "man", "%s.%s" % one) not in pages]
    ok(not lost, name + " refers to pages that exist", ", ".join(lost))
done()
