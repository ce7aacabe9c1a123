#!/usr/bin/env python3
"""Compares what meshlift reads in generated YAML files with PyYAML (on libyaml) and kubectl.

    MESHLIFT_ODD_OUT=/tmp/odd.jsonl MESHLIFT_ODD_FILES=20000 cargo test --test readers
    scripts/compare-readers.py /tmp/odd.jsonl [how many files kubectl is asked about]

Needs `pip install pyyaml` (with libyaml); kubectl is asked when a number is given, with `patch --local`, which needs no
cluster. Prints a table of agreements and the first files of each kind of difference. Exit 1 when a file that another
reader accepts is read otherwise.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter

import yaml


def scalars_as_text(value):
    """BaseLoader makes a text of everything; so does this."""
    if isinstance(value, dict):
        return {key: scalars_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [scalars_as_text(item) for item in value]
    return "" if value is None else value


def pyyaml(text):
    try:
        documents = list(yaml.load_all(text, yaml.CBaseLoader))
    except (yaml.YAMLError, ValueError, TypeError) as error:
        return None, str(error).replace("\n", " ")
    return [document for document in documents if isinstance(document, dict)], None


def kubectl(text):
    """The documents as kubectl reads them. It wants a name, which the generator does not write."""
    named = text.replace("kind: Odd", "kind: Odd\nmetadata: {name: odd}")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", newline="") as file:
        file.write(named)
        file.flush()
        command = ["kubectl", "patch", "--local", "--type", "merge", "-p", "{}", "-o", "json", "-f", file.name]
        ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        return None, ran.stderr.strip()
    documents, decoder, at = [], json.JSONDecoder(), 0
    while ran.stdout[at:].strip():
        at += len(ran.stdout[at:]) - len(ran.stdout[at:].lstrip())
        document, at = decoder.raw_decode(ran.stdout, at)
        document.pop("metadata", None)
        documents.append(document)
    return documents, None


def compare(name, read, lines):
    tally, shown, wrong = Counter(), Counter(), 0
    for line in lines:
        case = json.loads(line)
        theirs, error = read(case["text"])
        mine = case["read"]
        if theirs is None:
            kind = "both refuse" if mine is None else "only meshlift reads"
        elif mine is None:
            kind = "only %s reads: %s" % (name, case["refused"].split(" ", 1)[-1].split("\n")[0])
        elif scalars_as_text(mine) == scalars_as_text(theirs):
            kind = "alike"
        else:
            kind, wrong = "otherwise", wrong + 1
        tally[kind] += 1
        if kind == "otherwise" or kind.startswith("only " + name):
            shown[kind] += 1
            if shown[kind] <= 3:
                print("--- %s, file %s: %s\n%r\n  %s: %r\n  meshlift: %r" % (name, case["seed"], kind, case["text"], name, theirs, mine))
    print("== %s" % name)
    for kind, count in tally.most_common():
        print("%8d %s" % (count, kind))
    return wrong


def main():
    with open(sys.argv[1], encoding="utf-8", newline="\n") as file:
        lines = file.read().strip("\n").split("\n")
    wrong = compare("PyYAML", pyyaml, lines)
    if len(sys.argv) > 2:
        wrong += compare("kubectl", kubectl, lines[: int(sys.argv[2])])
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
