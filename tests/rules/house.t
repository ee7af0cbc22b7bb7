#!/usr/bin/python3
# The rules of CONTRIBUTING.md that can be counted: which folder may include which, no circles, lengths, each outside
# library in one place, one meaning a word. Each rule is also held against a tree that breaks it.
#
# house.t --table [FOLDER] prints the median and the longest function and file of each folder instead, of another tree
# if one is named.
import collections
import os
import re
import statistics
import sys

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "tests"))
sys.dont_write_bytecode = True
from tap import done, ok  # noqa: E402

# A folder may include itself, what stands behind it here, and what those may include.
ARROWS = {
    "common": [],
    "common/stream": ["common"],
    "common/keys": ["common/stream"],
    "common/beats": ["common/keys"],
    "common/analysis": ["common/keys"],
    "common/synthesis": ["common/keys"],
    "common/files": ["common/beats"],
    "common/metrics": ["common/keys"],
    "common/judge": ["common/metrics"],
    "common/pictures": ["common/keys"],
    "kernels": ["common"],
    "kernels/cpu": ["kernels"],
    "kernels/cuda/base": ["kernels"],
    "kernels/cuda/matrix": ["kernels/cuda/base"],
    "kernels/cuda/conv": ["kernels/cuda/matrix"],
    "kernels/cuda": ["kernels/cuda/matrix"],
    "kernels/cuda/block": ["kernels/cuda", "kernels/cuda/conv"],
    "kernels/cuda/losses": ["kernels/cuda/base"],
    "kernels/model/config": ["common"],
    "kernels/model": ["kernels", "kernels/model/config", "common/judge"],
    "kernels/model/designs": ["kernels/model"],
    "kernels/model/training": ["kernels/model"],
    "kernels/model/sampling": ["kernels/model", "common/beats"],
    "filters": ["common/analysis", "common/synthesis", "common/files", "common/judge", "common/pictures"],
}
# What only the two programs of the network include.
CORE = ["kernels/model", "kernels/model/config", "kernels/model/training", "kernels/model/sampling"]

# The one file, or folder, that names each outside library.
LIBRARIES = {
    "zlib.h": "common/checksum.c", "mpg123.h": "common/files/mp3-read.c", "soxr.h": "common/files/mp3-read.c",
    "lame/lame.h": "common/files/mp3-write.c", "ebur128.h": "common/loudness.c", "fftw3.h": "common/analysis/fourier.c",
    "cairo.h": "common/pictures/picture.c", "cyaml/cyaml.h": "kernels/model/config/config-yaml.c",
    "getopt.h": "common/option.c", "cblas.h": "kernels/cpu/blas.c", "cublasLt.h": "kernels/cuda/matrix/gemm.cu",
    "cuda_runtime.h": "kernels/cuda/base/cuda.cuh", "cuda_bf16.h": "kernels/cuda/base/cuda.cuh",
}

FUNCTION_MOST, FILE_MOST, FILTER_MOST = 80, 300, 160

# Words that had several meanings, or one that only their author knew, as parts of names: what to say instead, and
# the folder that it goes for.
WORDS = {
    "spread": ("deviation, range, transposed", ""), "hearing": ("encoder", ""), "pieces": ("outputs, long_sample", ""),
    "engine": ("algorithm", ""), "engines": ("algorithms", ""), "recomputed": ("recompute", ""),
    "warmth": ("temperature", ""), "breadth": ("gain", ""), "fresh": ("new, aperiodic", ""),
    "squash": ("hard_sigmoid", ""), "cutter": ("arena", ""), "walk": ("directory, interpolate, row_loop", ""),
    "narrow": ("bf16", "kernels"), "thin": ("small", "kernels"), "product": ("gemm", "kernels"),
    "pack": ("vec", "kernels/cuda"), "fit": ("estimate a prior; memory_check, prepare", "filters"),
}
# Names with such a word in its one meaning.
NAMED = {"random_walk", "pack_bf16", "unpack_bf16"}

Function = collections.namedtuple("Function", "file line lines")


def sources(top):
    """{path below top: text} of all C and CUDA sources."""
    found = {}
    for folder in ("common", "filters", "kernels"):
        for at, _, names in os.walk(os.path.join(top, folder)):
            for name in names:
                if re.search(r"\.(c|h|cu|cuh)$", name):
                    path = os.path.join(at, name)
                    found[os.path.relpath(path, top)] = open(path, encoding="utf-8").read()
    return found


def pipelines(top):
    """{path below top: text} of what users run."""
    return {os.path.relpath(os.path.join(at, name), top): open(os.path.join(at, name), encoding="utf-8").read()
            for at, _, names in os.walk(os.path.join(top, "pipelines")) for name in names}


def includes(text):
    return re.findall(r'^\s*#\s*include "([^"]+)"', text, re.M)


def unit(path):
    """A header and its source are one."""
    return re.sub(r"\.\w+$", "", path)


def reach(folder):
    """All that a folder may include."""
    seen, left = set(), [folder]
    while left:
        at = left.pop()
        if at not in seen:
            seen.add(at)
            left += ARROWS.get(at, [])
    return seen


def wrong_arrows(files):
    for path, text in sorted(files.items()):
        folder = os.path.dirname(path)
        allowed = reach(folder)
        if os.path.basename(path) in ("gan-train.c", "gan-sample.c"):
            allowed = allowed.union(*map(reach, CORE))
        for name in includes(text):
            if re.search(r"\.(c|cu)$", name):
                yield "%s includes the source %s" % (path, name)
            if name not in files:
                yield "%s includes %s, which is not there" % (path, name)
            elif folder not in ARROWS or os.path.dirname(name) not in allowed:
                yield "%s includes %s" % (path, name)


def circles(graph):
    """The strongly connected parts of more than one node (Tarjan 1972)."""
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in number:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == number[node]:
            part = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(part) > 1:
                found.append(" - ".join(sorted(part)))

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def all_circles(files):
    by_unit, by_folder = collections.defaultdict(set), collections.defaultdict(set)
    for path, text in files.items():
        for name in includes(text):
            by_unit[unit(path)].add(unit(name))
            by_folder[os.path.dirname(path)].add(os.path.dirname(name))
    return circles(by_unit) + circles(by_folder)


def functions(path, text):
    """The functions of a file in the house's format: the body's braces stand in the first column."""
    lines, start = text.split("\n"), None
    for i, line in enumerate(lines):
        if line == "{":
            start = i
            while start > 0 and lines[start - 1] and not re.match(r"[#}/ ]?\*?/?$|.*[;}]$|.*\*/$|#", lines[start - 1]):
                start -= 1
        elif line.startswith("}") and start is not None:
            yield Function(path, start + 1, i - start + 1)
            start = None


def too_long(files):
    for path, text in sorted(files.items()):
        most = FILTER_MOST if path.startswith("filters/") else FILE_MOST
        if text.count("\n") > most:
            yield "%s: %d lines" % (path, text.count("\n"))
        for one in functions(path, text):
            if one.lines > FUNCTION_MOST:
                yield "%s:%d: a function of %d lines" % one


def libraries_elsewhere(files):
    for path, text in sorted(files.items()):
        for name in re.findall(r"^\s*#\s*include <([^>]+)>", text, re.M):
            if name in LIBRARIES and path != LIBRARIES[name]:
                yield "%s names %s; %s does" % (path, name, LIBRARIES[name])


def without_prose(text):
    """Code alone: no comments, strings or includes."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)
    return re.sub(r'\'(?:\\.|[^\'\\])\'|"(?:\\.|[^"\\])*"|^\s*#\s*include.*$', " ", text, flags=re.M)


def old_words(files):
    for path, text in sorted(files.items()):
        names = set(re.findall(r"[A-Za-z_]\w*", without_prose(text))) | {os.path.basename(unit(path)).replace("-", "_")}
        for name in sorted(names):
            for part in sorted(set(name.lower().split("_")) & set(WORDS)):
                instead, folder = WORDS[part]
                if path.startswith(folder) and name.lower() not in NAMED:
                    yield "%s: %s: say %s" % (path, name, instead)
            if name == "not":
                yield "%s: not is no name" % path


def without_a_first_line(files):
    for path, text in sorted(files.items()):
        if not text.startswith("/* "):
            yield path


def wrong_guards(files):
    for path, text in sorted(files.items()):
        guard = re.sub(r"[^A-Z0-9]", "_", path.upper())
        if re.search(r"\.(h|cuh)$", path) and not re.search(r"^#ifndef %s\n#define %s$" % (guard, guard), text, re.M):
            yield "%s: not %s" % (path, guard)


def ifdefs_in_the_model(files):
    for path, text in sorted(files.items()):
        if path.startswith("kernels/model/"):
            for line in re.findall(r"^\s*#\s*(?:ifdef|if|elif)\b.*$", text, re.M):
                yield "%s: %s" % (path, line.strip())


def pipelines_that_look_inside(files):
    for path, text in sorted(files.items()):
        for found in re.findall(r"(?<![\w./-])(?:common|filters|kernels|tests)/[\w./-]*", text):
            yield "%s names %s" % (path, found)


RULES = [
    (wrong_arrows, "includes go the way of the arrows",
     ("kernels/cpu/planted.c", '/* x */\n#include "kernels/model/model.h"\n')),
    (all_circles, "no circle between files or folders", ("common/program.h", '#include "common/fail.h"\n')),
    (too_long, "no function and no file is too long",
     ("common/planted.c", "/* x */\nvoid planted(void)\n{\n%s}\n" % ("    ;\n" * 80))),
    (libraries_elsewhere, "each outside library is named in one place",
     ("filters/planted.c", "/* x */\n#include <zlib.h>\n")),
    (old_words, "one meaning a word", ("common/files/planted.c", "/* x */\nint walk_open;\n")),
    (without_a_first_line, "the first line says what a file is", ("common/planted.c", "int planted;\n")),
    (wrong_guards, "headers are guarded by their paths", ("common/planted.h", "/* x */\n#ifndef X\n#define X\n#endif\n")),
    (pipelines_that_look_inside, "pipelines call programs only", ("pipelines/planted", "sh tests/run\n")),
    (ifdefs_in_the_model, "no #ifdef in the model", ("kernels/model/planted.c", "/* x */\n#ifdef CUDA\n#endif\n")),
]


def table(files):
    by_folder = collections.defaultdict(list)
    for path in files:
        by_folder[os.path.dirname(path)].append(path)
    print("folder\tfiles\tlines of a file: median\tlongest\tlines of a function: median\tlongest")
    for folder, paths in sorted(by_folder.items()):
        lengths = [files[path].count("\n") for path in paths]
        each = [one.lines for path in paths for one in functions(path, files[path])] or [0]
        print("%s\t%d\t%d\t%d\t%d\t%d" % (folder, len(paths), statistics.median(lengths), max(lengths),
                                        statistics.median(each), max(each)))


if sys.argv[1:2] == ["--table"]:
    table(sources(sys.argv[2] if sys.argv[2:] else root))
    sys.exit()
house = sources(root)
ok(len(house) > 200 and sum(1 for path in house for _ in functions(path, house[path])) > 1000, "the house is read")
for rule, says, (path, text) in RULES:
    read = pipelines(root) if path.startswith("pipelines/") else house
    broken = list(rule(read))
    ok(read and not broken, says, "\n".join(broken))
    planted = dict(read)
    planted[path] = text + planted.get(path, "")
    new = [line for line in rule(planted) if line not in broken]
    ok(new, "... and a planted %s is found" % path)
done()
