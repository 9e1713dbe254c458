#!/usr/bin/env python3
"""manpage.py PROGRAM SECTION [MORE] - print the man page of a program.

Synopsis and options are the program's own help (`--experimental-dump-help`, JSON); the sections that help cannot know
(files, signals, examples) are the file MORE, in man macros, put at the end.
"""

import json
import re
import subprocess
import sys
import textwrap


def escaped(text):
    """The text in roff: no backslash, and no dot at the beginning of a line, means anything."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def names(argument):
    """`-h, --help`, with the value's name where there is one."""
    words = [{"short": "-", "long": "--", "longWithSingleDash": "-"}[n["kind"]] + n["name"] for n in argument["names"]]
    text = ", ".join(f"\\fB{escaped(word)}\\fR" for word in sorted(words, key=len))
    if argument["kind"] == "option":
        text += f" \\fI{escaped(argument.get('valueName', 'value'))}\\fR"
    return text


def synopsis(command, words):
    parts = [f".B {escaped(' '.join(words))}"]
    shown = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
    if any(a["kind"] != "positional" for a in shown):
        parts.append("[\\fIoptions\\fR]")
    for argument in shown:
        if argument["kind"] == "positional":
            name = f"\\fI{escaped(argument.get('valueName', 'argument'))}\\fR"
            name += " ..." if argument.get("isRepeating") else ""
            parts.append(f"[{name}]" if argument.get("isOptional") else name)
    if any(sub["commandName"] != "help" for sub in command.get("subcommands", [])):
        parts.append("\\fIcommand\\fR ...")
    return "\n".join(parts)


def prose(text):
    """Paragraphs; a line in capitals is a heading; a paragraph with a line set in by four spaces stays as it is."""
    out = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.splitlines()
        if len(lines) == 1 and block.strip().isupper() and len(block) < 40:
            out.append(f".SS {escaped(block.strip().capitalize())}")
        elif any(line.startswith("    ") for line in lines):
            out += [".PP", ".RS 4", ".nf", escaped(textwrap.dedent(block)), ".fi", ".RE"]
        else:
            out += [".PP", escaped("\n".join(line.strip() for line in lines))]
    return "\n".join(out)


def options(command):
    out = []
    for argument in command.get("arguments", []):
        if not argument.get("shouldDisplay", True):
            continue
        head = names(argument) if argument["kind"] != "positional" else f"\\fI{escaped(argument['valueName'])}\\fR"
        text = " ".join(filter(None, [argument.get("abstract"), argument.get("discussion")]))
        default = argument.get("defaultValue")
        if default and argument["kind"] != "flag":
            text += f" (default: {default})"
        out.append(f".TP\n{head}\n{escaped(text)}")
    return "\n".join(out)


def page(help_, section, more):
    command = help_["command"]
    name = command["commandName"]
    out = [
        f'.TH {escaped(name.upper())} {section} "" "edgecert" "{ {"1": "User commands", "8": "System administration"}[section] }"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(command['abstract'].rstrip('.'))}",
        ".SH SYNOPSIS",
        synopsis(command, [name]),
    ]
    if command.get("discussion"):
        out += [".SH DESCRIPTION", prose(command["discussion"])]
    subcommands = [c for c in command.get("subcommands", []) if c["commandName"] != "help" and c.get("shouldDisplay", True)]
    common = shared(subcommands)
    out += [".SH OPTIONS", options({"arguments": command.get("arguments", []) + common})]
    if subcommands:
        out.append(".SH COMMANDS")
    for sub in subcommands:
        out += [f".SS {escaped(sub['commandName'])}", synopsis(sub, [name, sub["commandName"]]), ".PP"]
        out.append(escaped(sub.get("abstract", "")))
        if sub.get("discussion"):
            out += [".PP", prose(sub["discussion"])]
        out.append(options({"arguments": [a for a in sub.get("arguments", []) if a not in common and not is_everywhere(a)]}))
    if more:
        with open(more, encoding="utf-8") as file:
            out.append(file.read().rstrip())
    return "\n".join(line for line in out if line) + "\n"


def shared(commands):
    """The options that most of the commands have, to be described once."""
    found = []
    for argument in (a for command in commands for a in command.get("arguments", []) if a["kind"] != "positional"):
        if argument not in found and not is_everywhere(argument):
            if sum(argument in command.get("arguments", []) for command in commands) > len(commands) / 2:
                found.append(argument)
    return found


def is_everywhere(argument):
    return any(name["name"] in ("help", "version") for name in argument.get("names") or [])


def main():
    program, section = sys.argv[1:3]
    dump = subprocess.run([program, "--experimental-dump-help"], check=True, stdout=subprocess.PIPE).stdout
    sys.stdout.write(page(json.loads(dump), section, sys.argv[3] if len(sys.argv) > 3 else None))


main()
