"""Man pages of a program that the argument parser's own description of it (`--experimental-dump-help`) is made into.

`pages(tree, section, version, day)` gives file names and texts: in section 1 a page for the program and one for each of its
commands, with those below it; in section 8 one page for the daemon with all its commands.
"""
import re


def escaped(text):
    """Words as roff takes them: no line of theirs is a request, no dash becomes a hyphen."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def spelled(argument):
    """An argument's names as they stand in a synopsis: `--app <app>`, `<dir>`."""
    value = f"<{argument.get('valueName', 'value')}>"
    if argument["kind"] == "positional":
        return value
    names = ", ".join(("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names", []))
    return f"{names} {value}" if argument["kind"] == "option" else names


def shown(command):
    """A command's own arguments, without those of the parser's library."""
    return [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)
            and not {name["name"] for name in argument.get("names", [])} & {"help", "version"}]


def below(command):
    return [one for one in command.get("subcommands", []) if one["commandName"] != "help" and one.get("shouldDisplay", True)]


def synopsis(path, command):
    words = [f"\\fB{escaped(' '.join(path))}\\fR"]
    if below(command):
        words.append("\\fIcommand\\fR")
    arguments = shown(command)
    if any(argument["kind"] != "positional" for argument in arguments):
        words.append("[\\fIoptions\\fR]")
    for argument in arguments:
        if argument["kind"] == "positional":
            word = f"\\fI{escaped(argument.get('valueName', 'value'))}\\fR" + ("..." if argument.get("isRepeating") else "")
            words.append(f"[{word}]" if argument.get("isOptional") else word)
    return " ".join(words)


def prose(text):
    """A discussion: a heading is a line of capitals with a colon, what is indented stays as it stands."""
    lines, verbatim = [], False
    for line in text.split("\n"):
        heading = re.fullmatch(r"([A-Z ]+):", line)
        if line.startswith(" ") != verbatim and line:
            verbatim = not verbatim
            lines.append(".nf" if verbatim else ".fi")
        if heading:
            lines.append(f".SH {heading.group(1)}")
        else:
            lines.append(escaped(line) if line else ".PP")
    return lines + ([".fi"] if verbatim else [])


def options(command):
    lines = []
    for argument in shown(command):
        lines += [".TP", f"\\fB{escaped(spelled(argument))}\\fR", escaped(argument.get("abstract") or "\\&")]
    return lines


def sections(path, command):
    """One command and all below it, each as a part of a page."""
    also = f" Also: {', '.join(command['aliases'])}." if command.get("aliases") else ""
    lines = [f".SS {synopsis(path, command)}", escaped(command.get("abstract", "") + also)]
    lines += prose(command["discussion"]) if command.get("discussion") else []
    lines += options(command)
    for one in below(command):
        lines += sections([*path, one["commandName"]], one)
    return lines


def page(path, command, section, version, day, body, others):
    name = "-".join(path)
    lines = [f'.TH {escaped(name.upper())} {section} "{day}" "roost {version}" "Roost"',
             ".SH NAME", f"{escaped(name)} \\- {escaped(command.get('abstract', '').rstrip('.'))}",
             ".SH SYNOPSIS", synopsis(path, command), *body]
    if others:
        lines.append(".SH SEE ALSO")
        lines += [f".BR {escaped(other)} ({number})" for other, number in others]
    return f"{name}.{section}", "\n".join(lines) + "\n"


def pages(tree, section, version, day):
    """Name and text of each page."""
    command = tree["command"]
    program, commands = command["commandName"], below(command)
    discussion = prose(command["discussion"]) if command.get("discussion") else []
    if section != 1:
        body = [line for one in commands for line in sections([program, one["commandName"]], one)]
        yield page([program], command, section, version, day, [".SH COMMANDS", *body, *discussion], [("roost", 1)])
        return
    index = [line for one in commands for line in
             (".TP", f"\\fB{escaped(one['commandName'])}\\fR", escaped(one.get("abstract", "")))]
    yield page([program], command, section, version, day, [".SH COMMANDS", *index, *discussion],
               [(f"{program}-{commands[0]['commandName']}", 1), ("roostd", 8)] if commands else [])
    for one in commands:
        path = [program, one["commandName"]]
        body = [".SH DESCRIPTION", escaped(one.get("abstract", ""))]
        body += prose(one["discussion"]) if one.get("discussion") else []
        body += [".SH OPTIONS", *options(one)] if shown(one) else []
        if below(one):
            body.append(".SH COMMANDS")
        body += [line for two in below(one) for line in sections([*path, two["commandName"]], two)]
        yield page(path, one, section, version, day, body, [(program, 1)])
