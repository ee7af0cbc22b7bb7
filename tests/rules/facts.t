#!/usr/bin/python3
# The facts and kinds of records in the programs' sources against those that tensor-stream(5) explains, both ways.
import glob
import os
import re
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "tests"))
sys.dont_write_bytecode = True
from tap import done, ok  # noqa: E402


def source(text):
    """Without its comments and line ends."""
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def item(name):
    """What the page says of a fact."""
    found = re.search(r"^\.It Cm %s$(.*?)^\.(?:It|El)" % re.escape(name), facts, re.S | re.M)
    return found[1] if found else ""


page = open(os.path.join(root, "man", "tensor-stream.5")).read()
facts = re.search(r"^\.Ss Facts$.*?^\.El$", page, re.S | re.M)[0]
files = {os.path.relpath(path, root): source(open(path).read()) for folder in ("filters", "common", "kernels")
         for path in glob.glob(os.path.join(root, folder, "**", "*.c"), recursive=True)}
set_fact = r"record_set_fact\(([^,\"]+), (\"?)([^,]+?)\2,"
written, others = {}, []
for path, text in files.items():
    for record, quote, name in re.findall(set_fact, text):
        if quote:
            written.setdefault(name, path)
        elif not name.startswith("const char"):
            others.append((path, name))
# The one place that takes names from a list: it keeps facts that others wrote.
kept = re.findall(r"\"(\w+)\"", re.search(r"names\[\] = \{(.*?)\}", files["kernels/model/keys-facts.c"])[1])

ok(len(written) >= 14, "facts are written in the sources", str(written))
ok(others == [("kernels/model/keys-facts.c", "names[i]")], "by their names", str(others))
ok(set(kept) <= set(written) and len(kept) >= 4, "what a model keeps of its keys' facts, others write", str(kept))
for name, path in sorted(written.items()):
    ok(item(name).strip(), "%s, of %s, is in the manual" % (name, path))
read = {name for text in files.values() for name in
        re.findall(r"record_fact(?:_number)?\([^,\"]+, \"(\w+)\"", text) +
        re.findall(r"expect_number_or_die\([^,\"]+, [^,\"]+, \"(\w+)\"", text)}
ok(len(read) >= 8 and read <= set(written), "what is read is written by another", str(read - set(written)))
listed = set(re.findall(r"^\.It Cm (\w+)$", facts, re.M))
ok(listed == set(written), "the manual has no others", str(listed ^ set(written)))
for name in ("rate", "interval", "start", "width", "lead"):
    ok(re.search(r"seconds?\b|hertz", item(name), re.I), name + ": the manual says its unit", item(name))

kinds = {kind for text in files.values() for kind in re.findall(
    r"(?:record_set_fact\([^,\"]+, \"kind\", |write_values_or_die\([^;]*?, |record_is\([^,\"]+, )\"(\w+)\"", text)}
kinds |= {kind for text in files.values() for words in
          re.findall(r"expect_kind_or_die\([^,\"]+, [^,\"]+, \"([\w|]+)\"", text) for kind in words.split("|")}
named = set(re.findall(r"^\.Cm (\w+)", item("kind"), re.M))
ok(len(kinds) >= 8 and kinds == named, "the manual has the kinds of records", str(kinds ^ named))
done()
