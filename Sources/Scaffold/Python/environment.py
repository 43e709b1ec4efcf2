"""Which variables of the environment a file can do without, and which its import can't; put before facts.py, which is
what imports the modules and has the names that are used here.
"""
import re


def filled_fields(node):
    """Fields that validators which run before a model's own set, "*" for names that are no constants."""
    names = set()
    for item in node.body:
        if not isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        marks = [ast.unparse(decorator) for decorator in item.decorator_list]
        before = any(("model_validator" in mark and ("before" in mark or "wrap" in mark))
                     or ("root_validator" in mark and "pre=True" in mark) for mark in marks)
        if item.name in ("settings_customise_sources", "customise_sources"):
            names.add("*")
        if not before:
            continue
        for inner in ast.walk(item):
            if isinstance(inner, ast.Subscript) and isinstance(inner.ctx, ast.Store):
                names.add(inner.slice.value if isinstance(inner.slice, ast.Constant) else "*")
            elif isinstance(inner, ast.Dict):
                names.update(key.value for key in inner.keys if isinstance(key, ast.Constant))
            elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
                if inner.func.attr == "setdefault" and inner.args:
                    names.add(inner.args[0].value if isinstance(inner.args[0], ast.Constant) else "*")
                elif inner.func.attr == "update":
                    names.update(word.arg or "*" for word in inner.keywords)
    return sorted(str(name)[:MAX_TEXT] for name in names)[:MAX_ITEMS]


UNKNOWN = object()
OPTIONAL, CERTAIN = 1, 2
DEFAULT, BRANCH = 1, 2  # why a value may be missing: something follows it, or it is not read at all
LIVE = ("prod", "production", "live")


class Environment:
    """Which variables a file can do without, and which its import can't: told by what stands around each read.

    Tests are weighed as they come out when nothing is set: what stands in a branch that is not taken then is optional.
    """

    def __init__(self, module):
        self.module = module
        self.found = []
        self.values = {}  # of names at the top, when nothing is set
        self.tree = None

    def read(self, tree):
        self.tree = tree
        try:
            self.block(tree.body, {"top": True, "off": False, "try": False})
        except RecursionError:  # what was found so far is right, and all else of the file is worth more
            pass
        return self.found

    def name_of(self, node):
        """The variable that an expression reads; None for what reads none."""
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            dotted = self.module.dotted(node.func)
            if dotted in ("os.getenv", "getenv", "os.environ.get", "environ.get"):
                return node.args[0].value
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) \
                and self.module.dotted(node.value) in ("os.environ", "environ"):
            return node.slice.value
        return None

    def note(self, node, at, optional, certain=False):
        name = self.name_of(node)
        if not isinstance(name, str):
            return
        direct = isinstance(node, ast.Subscript)
        # `os.environ["X"]` raises before a default or a test could come: only a branch that is not taken spares it.
        if (optional == BRANCH if direct else optional) or at["off"] or (direct and at["try"]):
            self.found.append([name[:MAX_TEXT], node.lineno, OPTIONAL])
        elif at["top"] and (direct or certain):
            self.found.append([name[:MAX_TEXT], node.lineno, CERTAIN])

    # Statements

    def block(self, body, at):
        for place, node in enumerate(body):
            self.statement(node, body[place + 1:place + 40], at)

    def statement(self, node, after, at):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for default in node.args.defaults + [d for d in node.args.kw_defaults if d is not None]:
                self.expression(default, at)
            return self.block(node.body, {**at, "top": False})
        if isinstance(node, ast.If):
            return self.condition(node, at)
        if isinstance(node, (ast.Try, getattr(ast, "TryStar", ast.Try))):
            return self.attempt(node, at)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            return self.assign(node, after, at)
        for field in node._fields:
            value = getattr(node, field, None)
            for item in value if isinstance(value, list) else (value,):
                if isinstance(item, ast.stmt):
                    self.statement(item, [], at)
                elif isinstance(item, MATCH_CASE):
                    self.block(item.body, {**at, "top": False})
                elif isinstance(item, ast.AST) and not isinstance(item, (ast.expr_context,)):
                    self.expression(item, at, field == "test" and not isinstance(node, ast.Assert))

    def condition(self, node, at):
        if is_main_guard(node):
            return self.block(node.body, {**at, "top": False})
        gives_up = ends(node.body)
        for inner in ast.walk(node.test):
            if self.name_of(inner) is not None:
                self.note(inner, at, not gives_up or not negated(node.test), gives_up)
        truth = self.truth(node.test)
        yes, no = dict(at), dict(at)
        live = any(isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.lower() in LIVE
                   for n in ast.walk(node.test))
        if truth is not True:
            yes["top"] = False
            yes["off"] = at["off"] or not live
        if truth is not False:
            no["top"] = False
            no["off"] = at["off"] or truth is True
        self.block(node.body, yes)
        self.block(node.orelse, no)

    def attempt(self, node, at):
        caught = False
        for handler in node.handlers:
            kinds = [self.module.dotted(kind) for kind in (
                handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else [])]
            wide = not kinds or any(kind in ("KeyError", "LookupError", "Exception", "BaseException") for kind in kinds)
            caught = caught or (wide and not ends(handler.body))
        self.block(node.body, {**at, "try": at["try"] or caught})
        for handler in node.handlers:
            self.block(handler.body, {**at, "top": False, "off": True})
        self.block(node.orelse, at)
        self.block(node.finalbody, at)

    def assign(self, node, after, at):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        name = targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else None
        reads = any(self.name_of(inner) is not None for inner in ast.walk(node.value))
        optional, certain = self.settled(name, after) if name and reads else (False, False)
        self.expression(node.value, at, optional, certain)
        if name and at["top"]:
            self.values[name] = self.default(node.value)
        elif name:
            self.values[name] = UNKNOWN

    def settled(self, name, after):
        """What the statements behind an assignment do when the name got nothing: give it a value, or give up."""
        for node in after:
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Name) and node.test.id == name:
                return False, True
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.BoolOp) and mentions(node.value, name) \
                    and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
                return True, False
            if isinstance(node, ast.If) and mentions(node.test, name) and negated(node.test):
                if ends(node.body):
                    return False, True
                for inner in statements(node):
                    if isinstance(inner, ast.Assign) and any(
                            isinstance(t, ast.Name) and t.id == name for t in inner.targets):
                        return True, False
        return self.only_guarded(name), False

    def only_guarded(self, name):
        """Whether a name at the top is only used where a test has shown that it holds something."""
        guarded = False
        waiting = [self.tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, (ast.If, ast.IfExp)) and mentions(node.test, name) and not negated(node.test):
                guarded = True
                rest = node.orelse
                waiting.extend(rest if isinstance(rest, list) else [rest])
                continue
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                return False
            waiting.extend(ast.iter_child_nodes(node))
        return guarded

    # Expressions

    def expression(self, node, at, optional=False, certain=False):
        stack = [(node, DEFAULT if optional else 0)]
        while stack:
            item, opt = stack.pop()
            if self.name_of(item) is not None:
                self.note(item, at, opt, certain)
            if isinstance(item, ast.Lambda):
                self.expression(item.body, {**at, "top": False}, opt)
                continue
            if isinstance(item, ast.BoolOp) and isinstance(item.op, ast.Or):
                stack += [(value, max(opt, DEFAULT)) for value in item.values[:-1]] + [(item.values[-1], opt)]
                continue
            if isinstance(item, ast.IfExp):
                truth = self.truth(item.test)
                stack += [(item.test, max(opt, DEFAULT)), (item.body, opt if truth is True else BRANCH),
                          (item.orelse, opt if truth is False else BRANCH)]
                continue
            if isinstance(item, (ast.Compare,)):
                opt = max(opt, DEFAULT)
            stack.extend((child, opt) for child in ast.iter_child_nodes(item))

    # What comes out when nothing is set

    def truth(self, node):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand)
            return None if inner is None else not inner
        if isinstance(node, ast.BoolOp):
            parts = [self.truth(value) for value in node.values]
            ends_it = isinstance(node.op, ast.Or)
            if ends_it in parts:
                return ends_it
            return None if None in parts else not ends_it
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self.compare(node)
        value = self.default(node)
        return None if value is UNKNOWN else bool(value)

    def compare(self, node):
        sign, right = node.ops[0], node.comparators[0]
        if isinstance(sign, (ast.In, ast.NotIn)) and self.module.dotted(right) in ("os.environ", "environ"):
            return isinstance(sign, ast.NotIn)
        left, right = self.default(node.left), self.default(right)
        if left is UNKNOWN or right is UNKNOWN:
            return None
        try:
            if isinstance(sign, (ast.Eq, ast.Is)):
                return left == right
            if isinstance(sign, (ast.NotEq, ast.IsNot)):
                return left != right
            if isinstance(sign, ast.In):
                return left in right
            if isinstance(sign, ast.NotIn):
                return left not in right
        except TypeError:
            pass
        return None

    def default(self, node, depth=4):
        if depth == 0:
            return UNKNOWN
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self.values.get(node.id, UNKNOWN)
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            items = [self.default(item, depth - 1) for item in node.elts[:MAX_ITEMS]]
            return UNKNOWN if UNKNOWN in items else tuple(items)
        if isinstance(node, (ast.Compare, ast.BoolOp)):
            truth = self.truth(node)
            return UNKNOWN if truth is None else truth
        if not isinstance(node, ast.Call):
            return UNKNOWN
        if self.name_of(node) is not None:
            more = node.args[1:2] + [word.value for word in node.keywords if word.arg == "default"]
            return self.default(more[0], depth - 1) if more else None
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("lower", "upper", "strip") and not node.args:
            base = self.default(node.func.value, depth - 1)
            return getattr(base, node.func.attr)() if isinstance(base, str) else UNKNOWN
        if isinstance(node.func, ast.Name) and node.func.id in ("int", "bool", "str") and len(node.args) == 1:
            inner = self.default(node.args[0], depth - 1)
            if inner is UNKNOWN or isinstance(inner, tuple):
                return UNKNOWN
            if node.func.id == "int":
                return int(inner) if isinstance(inner, str) and inner.isdigit() and len(inner) < 9 else UNKNOWN
            return bool(inner) if node.func.id == "bool" else UNKNOWN
        return UNKNOWN


def mentions(node, name):
    return any(isinstance(inner, ast.Name) and inner.id == name for inner in ast.walk(node))


def negated(node):
    """`not x`, `x is None`, `x == ""`, `"X" not in os.environ`, also as one part of an `or`."""
    if isinstance(node, ast.BoolOp):
        return any(negated(value) for value in node.values)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        right = node.comparators[0]
        nothing = isinstance(right, ast.Constant) and not right.value
        return isinstance(node.ops[0], ast.NotIn) or (nothing and isinstance(node.ops[0], (ast.Is, ast.Eq)))
    return False


def ends(body):
    """Whether statements end in giving up: `raise`, `sys.exit()`."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.Raise):
        return True
    call = last.value if isinstance(last, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func) in ("sys.exit", "exit", "quit", "os._exit", "os.abort")


def annotated(kind, value):
    """`Annotated[str, Field("x", alias="A")]` as what it means: the type, and a call of Field with the default."""
    if not (isinstance(kind, ast.Subscript) and text(kind.value).split(".")[-1] == "Annotated"
            and isinstance(kind.slice, ast.Tuple) and len(kind.slice.elts) > 1):
        return kind, value
    calls = [item for item in kind.slice.elts[1:]
             if isinstance(item, ast.Call) and text(item.func).split(".")[-1] == "Field"]
    if not calls:
        return kind.slice.elts[0], value
    call = calls[-1]
    if value is not None:
        # A default behind the equals sign counts, and the rest of the call stays.
        names = [word for word in call.keywords if word.arg not in ("default", "default_factory")]
        call = ast.copy_location(ast.Call(func=call.func, args=[value], keywords=names), call)
    return kind.slice.elts[0], call


GENERIC = re.compile(r"^\s*(?:async\s+def|def|class)\s+\w+(\[)")
ALIAS = re.compile(r"^(\s*)type\s+(\w+\s*)(\[[^\]]*\]\s*)?=(?!=)")
CAUGHT = re.compile(r"^(\s*except)\s+([A-Z][\w.]*(?:\s*,\s*[A-Z][\w.]*)+)\s*:")
LITERAL = re.compile(r"(?<![\w\"'])(?:[fF][rR]?|[rR][fF])(\"\"\"|\'\'\'|\"|\')")


def parsed(source):
    """The tree of a file, also of one in the syntax of a Python newer than this one, and that Python's minor version."""
    try:
        return ast.parse(source), None
    except SyntaxError as error:
        first, lines, newest = error, source.split("\n"), 12
        for _ in range(200):
            # What is newer is taken out line by line: what is left says all that is asked for.
            asked = [softened(lines, number) for number in (error.lineno - 1, error.lineno - 2)] if error.lineno else []
            if not any(asked):
                break
            newest = max([newest] + [minor for minor in asked if minor])
            try:
                return ast.parse("\n".join(lines)), newest
            except SyntaxError as next_error:
                error = next_error
        raise first


def softened(lines, number):
    """Takes syntax of Python 3.12 to 3.14 out of one line; the minor version that has it, or None."""
    if not 0 <= number < len(lines):
        return None
    old = lines[number]
    if found := GENERIC.match(old):
        return 12 if cut(lines, number, found.start(1)) else None
    new = ALIAS.sub(r"\1\2=", old)
    if caught := CAUGHT.search(new):
        lines[number] = CAUGHT.sub(r"\1 (\2):", new)
        return 14 if caught else None
    if new == old:
        return 12 if plain_literals(lines, number) else None
    lines[number] = new
    return 12


def cut(lines, number, column):
    """Takes out what stands in brackets from there on; where they end on a later line, what follows moves up."""
    head, depth = lines[number][:column], 0
    for at in range(number, min(number + 50, len(lines))):
        text = lines[at]
        for index in range(column if at == number else 0, len(text)):
            depth += {"[": 1, "]": -1}.get(text[index], 0)
            if depth == 0:
                lines[number:at + 1] = [head + text[index + 1:]] + [""] * (at - number)
                return True
    return False


def plain_literals(lines, number):
    """Empties the fields of f-strings that begin on a line; says whether that changed it.

    Since 3.12 a field may hold the quotes that stand around it, and go on over lines.
    """
    text, last, out, at = lines[number], number, [], 0
    while found := LITERAL.search(text, at):
        quote, index, depth = found.group(1), found.end(), 0
        out.append(text[at:index])
        while not (depth == 0 and text.startswith(quote, index)):
            if index == len(text):
                # In a field the literal goes on where the next line does; else it ends elsewhere.
                if depth == 0 or last + 1 >= min(len(lines), number + 50):
                    return False
                last += 1
                text += " " + lines[last]
            if depth == 0 and text.startswith(("{{", "}}"), index):
                out.append(text[index:index + 2])
                index += 2
                continue
            depth += {"{": 1, "}": -1}.get(text[index], 0)
            if depth == 0 and text[index] not in "{}":
                out.append(text[index])
            index += 1
        out.append(quote)
        at = index + len(quote)
    new = "".join(out) + text[at:]
    changed = new != lines[number]
    lines[number:last + 1] = [new] + [""] * (last - number)
    return changed
