"""Reads Python sources from standard input and prints what they say, one JSON object a line.

Nothing is imported and nothing is run: the standard library's `ast` takes the text apart. Input is a sequence of
frames, `<bytes> <path>\\n<text>`; output is described by PythonModule.swift, which is the other half of this file.
"""
import ast
import gc
import json
import resource
import signal
import sys
import warnings

MAX_TEXT = 400  # of a string constant
MAX_STATEMENT = 1 << 16  # of one that is given to what runs SQL
RUNS_SQL = {"execute", "text", "RunSQL"}
MAX_ITEMS = 60  # of a list or dict
MAX_DEPTH = 6  # of nested values
SAME_PLACE = ("resolve", "absolute", "expanduser")  # methods of a path that leave it where it is
BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
# How constants begin that tell something wherever they stand: keys of known makers, headers of HTTP.
MARKS = ("AKIA", "ASIA", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "sk_live_", "rk_live_", "sk-", "xox", "AIza",
         "SG.", "-----BEGIN", "hf_", "pypi-", "npm_", "dop_v1_", "shpat_", "eyJ", "1; mode=block", "X-", "x-",
         "Content-Security-", "content-security-", "Strict-Transport-", "strict-transport-")
READS = {"client", "url", "base_url", "size", "content_length"}  # attributes of a request or an upload


class Module:
    """One file: its tables of names, and everything in it that a detector or a rule may ask for."""

    def __init__(self, path, source, tree):
        self.path = path
        self.package = path.rsplit("/", 1)[0].replace("/", ".") if "/" in path else ""
        self.names = {}
        self.out = {"path": path, "imports": [], "assigns": [], "calls": [], "functions": [], "classes": [],
                    "strings": [], "handlers": [], "withs": [], "ifs": [], "reads": [], "marks": [],
                    "loops": []}
        for node in statements(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.add_import(node)
        Visitor(self).run(tree)
        # Whatever name a variable is read by, the file says where the name comes from.
        reads = "environ" in source or "getenv" in source
        self.out["envs"] = Environment(self).read(tree) if reads else []

    def add_import(self, node):
        if isinstance(node, ast.Import):
            pairs = [(a.asname or a.name.split(".")[0], a.name if a.asname else a.name.split(".")[0], a.name)
                     for a in node.names]
            for local, target, whole in pairs:
                self.names[local] = target
                self.out["imports"].append({"n": local, "t": whole, "l": node.lineno})
            return
        base = node.module or ""
        if node.level:
            parts = self.package.split(".") if self.package else []
            parts = parts[: len(parts) - (node.level - 1)] if node.level > 1 else parts
            base = ".".join(parts + ([base] if base else []))
        for alias in node.names:
            local = alias.asname or alias.name
            target = f"{base}.{alias.name}" if base else alias.name
            if alias.name != "*":
                self.names[local] = target
            self.out["imports"].append({"n": local, "t": target, "l": node.lineno, "r": node.level})

    def dotted(self, node):
        """`fastapi.FastAPI` for `f.FastAPI` after `import fastapi as f`; "" for what has no name."""
        kind = type(node)
        if kind is ast.Name:
            return self.names.get(node.id, node.id)
        if kind is ast.Await:
            return self.dotted(node.value)
        if kind is ast.Attribute:
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        if kind is ast.Call:
            base = self.dotted(node.func)
            return f"{base}()" if base else ""
        if kind is ast.Subscript:
            base = self.dotted(node.value)
            return f"{base}[]" if base else ""
        return ""

    def value(self, node, depth=0):
        """A value as data: constants as they are, names resolved, calls with their arguments, the rest as text."""
        if node is None:
            return None
        kind = type(node)
        if kind is ast.Constant:
            return constant(node.value)
        if kind is ast.UnaryOp and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant) \
                and isinstance(node.operand.value, (int, float)):
            return constant(-node.operand.value)
        if depth >= MAX_DEPTH:
            return {"x": "…"}
        if kind is ast.Attribute and node.attr == "parent":
            folder = self.parent(node, depth)
            if folder:
                return folder
        if kind is ast.Name or kind is ast.Attribute:
            name = self.dotted(node)
            if name:
                return {"n": name}
        form = FORMS.get(kind)
        return form(self, node, depth) if form else {"x": text(node)}

    def parent(self, node, depth):
        """`Path(name).resolve().parent` as `os.path.dirname` says it; None for all else.

        The place of `__file__` is known without its words.
        """
        inner = node.value
        while type(inner) is ast.Call and type(inner.func) is ast.Attribute and inner.func.attr in SAME_PLACE:
            inner = inner.func.value
        if type(inner) is ast.Attribute and inner.attr == "parent":
            value = self.parent(inner, depth + 1) if depth < MAX_DEPTH else None
        elif type(inner) is ast.Call and inner.args and self.dotted(inner.func).endswith("Path") \
                and "__file__" not in text(inner.args[0]):
            value = self.value(inner, depth + 1)
        else:
            value = None
        return value and {"call": {"f": "os.path.dirname", "l": node.lineno, "a": [value]}}

    def awaited(self, node, depth):
        inner = self.value(node.value, depth)
        if "call" in inner:
            inner["call"]["w"] = True
        return inner

    def items(self, node, depth):
        kind = "tuple" if isinstance(node, ast.Tuple) else "list"
        return {kind: [self.value(item, depth + 1) for item in node.elts[:MAX_ITEMS]]}

    def pairs(self, node, depth):
        return {"dict": [[self.value(k, depth + 1) if k else {"x": "**"}, self.value(v, depth + 1)]
                         for k, v in list(zip(node.keys, node.values))[:MAX_ITEMS]]}

    def choice(self, node, depth):
        return {"or" if isinstance(node.op, ast.Or) else "and": [self.value(v, depth + 1) for v in node.values]}

    def binary(self, node, depth):
        return {"bin": [self.value(node.left, depth + 1), {"s": type(node.op).__name__},
                        self.value(node.right, depth + 1)]}

    def conditional(self, node, depth):
        return {"if": [self.value(node.body, depth + 1), self.value(node.orelse, depth + 1),
                       self.value(node.test, depth + 1)]}

    def call(self, node, depth=0):
        function = self.dotted(node.func)
        out = {"f": function, "l": node.lineno}
        if node.end_lineno != node.lineno:
            out["e"] = node.end_lineno
        value = self.statement if function.rpartition(".")[2] in RUNS_SQL else self.value
        if node.args:
            out["a"] = [value(a.value if isinstance(a, ast.Starred) else a, depth) for a in node.args[:MAX_ITEMS]]
        if node.keywords:
            out["k"] = [[k.arg or "**", value(k.value, depth)] for k in node.keywords[:MAX_ITEMS]]
        return out

    def statement(self, node, depth):
        if type(node) is ast.Constant and type(node.value) is str:
            return {"s": node.value[:MAX_STATEMENT]}
        return self.value(node, depth)


def format_text(node):
    """An f-string: its constants, and the source of what stands in its fields."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{" + text(part.value) + "}"
                   for part in node.values)[:MAX_TEXT]


#: How each kind of expression becomes data; what is not here is written as text.
FORMS = {
    ast.Call: lambda module, node, depth: {"call": module.call(node, depth + 1)},
    ast.Await: Module.awaited,
    ast.List: Module.items, ast.Tuple: Module.items, ast.Set: Module.items,
    ast.Dict: Module.pairs,
    ast.JoinedStr: lambda module, node, depth: {"fs": format_text(node)},
    ast.Subscript: lambda module, node, depth: {
        "sub": [module.value(node.value, depth + 1), module.value(node.slice, depth + 1)]},
    ast.BoolOp: Module.choice, ast.BinOp: Module.binary, ast.IfExp: Module.conditional,
}


def statements(tree):
    """All statements, handlers and cases below, in breadth."""
    waiting = [tree]
    for node in waiting:
        for field in BODIES:
            value = getattr(node, field, None)
            if isinstance(value, list):
                waiting.extend(value)
    return waiting[1:]


def constant(value):
    if value is None:
        return {"none": True}
    if value is Ellipsis:
        return {"x": "..."}  # pydantic's "required", which None is not
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": value} if -(2 ** 62) < value < 2 ** 62 else {"x": "int"}
    if isinstance(value, float):
        return {"d": value} if value == value and abs(value) != float("inf") else {"x": "float"}
    if isinstance(value, str):
        return {"s": value[:MAX_TEXT]}
    return {"x": repr(value)[:MAX_TEXT]}


def plain(node):
    """What `ast.unparse` writes for the commonest of annotations, names and subscripts of names; None for all else."""
    kind = type(node)
    if kind is ast.Name:
        return node.id
    if kind is ast.Constant and (node.value is None or node.value is True or node.value is False):
        return str(node.value)
    if kind is ast.Attribute:
        base = plain(node.value) if type(node.value) in (ast.Name, ast.Attribute) else None
        return f"{base}.{node.attr}" if base else None
    if kind is ast.Subscript and type(node.value) in (ast.Name, ast.Attribute):
        base = plain(node.value)
        parts = [plain(item) for item in node.slice.elts] if type(node.slice) is ast.Tuple else [plain(node.slice)]
        if base and all(parts) and (len(parts) > 1 or type(node.slice) is not ast.Tuple):
            return f"{base}[{', '.join(parts)}]"
    if kind is ast.BinOp and type(node.op) is ast.BitOr and type(node.right) is not ast.BinOp:
        left, right = plain(node.left), plain(node.right)
        if left and right and (type(node.left) is not ast.BinOp or type(node.left.op) is ast.BitOr):
            return f"{left} | {right}"
    return None


def text(node):
    known = plain(node)
    if known is not None:
        return known[:MAX_TEXT]
    try:
        return ast.unparse(node)[:MAX_TEXT]
    except (RecursionError, ValueError, AttributeError):
        return "…"


def first_line(node):
    return min([node.lineno] + [mark.lineno for mark in getattr(node, "decorator_list", [])])


def is_main_guard(node):
    test = node.test
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


MATCH_CASE = getattr(ast, "match_case", ())
ASSIGNS = {ast.Assign, ast.AnnAssign, ast.AugAssign}
WITHS = {ast.With, ast.AsyncWith}
LOOPS = {ast.For, ast.AsyncFor, ast.While}
TRIES = {ast.Try, getattr(ast, "TryStar", ast.Try)}
TESTS = {ast.If, ast.While, ast.Assert}
# What holds no expression of its own: names, operators, contexts, aliases.
LEAVES = {type(None), str, int, ast.Name, ast.Load, ast.Store, ast.Del, ast.alias, ast.Pass,
          *ast.operator.__subclasses__(), *ast.cmpop.__subclasses__(), *ast.unaryop.__subclasses__(),
          *ast.boolop.__subclasses__()}
PLAIN_FIELDS = {"ctx", "op", "ops", "id", "attr", "arg", "conversion", "is_async", "type_comment", "kind"}


class Fields(dict):
    """Of each kind of node the fields that may hold nodes, the last first."""

    def __missing__(self, kind):
        self[kind] = found = tuple(field for field in reversed(kind._fields) if field not in PLAIN_FIELDS)
        return found


FIELDS = Fields()


class Visitor:
    """Walks statements with the scope they stand in."""

    def __init__(self, module):
        self.module = module
        self.out = module.out

    def run(self, tree):
        self.block(tree.body, {"scope": "", "fn": None, "main": False, "try": 0, "except": 0})

    def block(self, body, at):
        for node in body:
            self.statement(node, at)

    def statement(self, node, at):
        kind = type(node)
        if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
            return self.function(node, at)
        if kind is ast.ClassDef:
            return self.klass(node, at)
        if kind in ASSIGNS:
            self.assign(node, at)
        elif kind is ast.Return:
            if at["fn"] is not None:
                at["fn"]["ret"].append({"l": node.lineno, "v": self.module.value(node.value) or {"none": True},
                                        "x": at["except"] > 0})
        elif kind is ast.If:
            if is_main_guard(node):
                at = {**at, "main": True}
            parts = [[first_line(part[0]), part[-1].end_lineno] for part in (node.body, node.orelse) if part]
            self.out["ifs"].append([node.lineno, node.test.end_lineno] + sum(parts, []))
        elif kind in WITHS:
            self.withs(node, at)
        elif kind in LOOPS:
            if kind is ast.While and isinstance(node.test, ast.Constant) and node.test.value and at["fn"]:
                at["fn"]["loop"] = True
            self.loop(node, at)
        elif kind in TRIES:
            return self.attempt(node, at)
        tested = kind in TESTS
        for field in node._fields:
            value = getattr(node, field, None)
            for item in value if type(value) is list else (value,):
                if isinstance(item, ast.expr):
                    self.expression(item, at, tested and field == "test")
                elif isinstance(item, ast.stmt):
                    self.statement(item, at)
                elif isinstance(item, MATCH_CASE):
                    self.block(item.body, at)
                elif isinstance(item, ast.AST):
                    self.expression(item, at)

    def withs(self, node, at):
        for item in node.items:
            out = {"l": item.context_expr.lineno, "e": node.end_lineno, "s": at["scope"],
                   "v": self.module.value(item.context_expr)}
            if isinstance(item.optional_vars, (ast.Name, ast.Attribute)):
                out["t"] = self.module.dotted(item.optional_vars)
            self.out["withs"].append(out)

    def loop(self, node, at):
        item = {"l": node.lineno, "e": node.end_lineno, "s": at["scope"], "t": [], "v": {"none": True}}
        if not isinstance(node, ast.While):
            targets = node.target.elts if isinstance(node.target, (ast.Tuple, ast.List)) else [node.target]
            item["t"] = [target.id if isinstance(target, ast.Name) else "" for target in targets]
            item["v"] = self.module.value(node.iter)
        self.out["loops"].append(item)

    def attempt(self, node, at):
        self.block(node.body, {**at, "try": at["try"] + 1})
        for handler in node.handlers:
            kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
            self.out["handlers"].append({
                "l": handler.lineno, "s": at["scope"], "t": [self.module.dotted(kind) for kind in kinds],
                "raises": any(isinstance(n, ast.Raise) for n in statements(handler)),
                "e": handler.end_lineno, "b": node.body[0].lineno})
            self.block(handler.body, {**at, "except": at["except"] + 1})
        self.block(node.orelse, at)
        self.block(node.finalbody, at)

    def expression(self, node, at, tested=False):
        """Records calls and telling strings, also those deep inside."""
        if type(node) in LEAVES:
            return
        stack = [(node, "t" if tested else "")]
        while stack:
            item, flags = stack.pop()
            kind = type(item)
            if kind is ast.Constant:
                if type(item.value) is str:
                    self.string(item, at)
                continue
            inner = "l" if "l" in flags else ""
            if kind is ast.Call:
                self.call(item, at, flags)
            elif kind is ast.Attribute:
                if item.attr in READS and isinstance(item.value, ast.Name):
                    self.out["reads"].append({"l": item.lineno, "s": at["scope"], "n": f"{item.value.id}.{item.attr}"})
            elif kind is ast.JoinedStr:
                value = format_text(item)
                if "://" in value:
                    self.out["strings"].append({"l": item.lineno, "v": value, "s": at["scope"], "f": True})
                    continue
            elif kind is ast.Await:
                inner += "w"
            elif kind is ast.Lambda:
                inner = "l"
            elif kind is ast.BoolOp or (kind is ast.UnaryOp and isinstance(item.op, ast.Not)):
                # `a or b` as a value is a default, not a test; below `if` and `not` it is one.
                if "t" in flags or kind is ast.UnaryOp:
                    inner += "t"
            elif (kind is ast.Yield or kind is ast.YieldFrom) and at["fn"] is not None:
                at["fn"]["y"] = True
            elif kind is ast.IfExp:
                stack += [(item.orelse, inner), (item.body, inner), (item.test, inner + "t")]
                continue
            for field in FIELDS[kind]:
                value = getattr(item, field, None)
                if type(value) is list:
                    stack.extend([(child, inner) for child in reversed(value) if type(child) not in LEAVES])
                elif type(value) not in LEAVES:
                    stack.append((value, inner))

    def call(self, item, at, flags):
        call = self.module.call(item)
        call["s"] = at["scope"]
        if "w" in flags:
            call["w"] = True
        if at["main"]:
            call["m"] = True
        if at["try"]:
            call["try"] = True
        more = flags.replace("w", "")
        if more:
            call["x"] = more
        self.out["calls"].append(call)

    def string(self, item, at):
        value = item.value
        if "://" in value and len(value) <= MAX_TEXT:
            self.out["strings"].append({"l": item.lineno, "v": value, "s": at["scope"]})
        elif value.startswith(MARKS):
            self.out["marks"].append({"l": item.lineno, "v": value[:MAX_TEXT], "s": at["scope"]})

    def assign(self, node, at):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None and not isinstance(node, ast.AnnAssign):
            return
        for target in targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            for name in names:
                dotted = name.id if isinstance(name, ast.Name) else self.module.dotted(name)
                if not dotted:
                    continue
                item = {"t": dotted, "l": node.lineno, "s": at["scope"]}
                if node.value is not None:
                    item["v"] = self.module.value(node.value)
                if isinstance(name, ast.Subscript) and isinstance(name.slice, ast.Constant):
                    item["i"] = str(name.slice.value)[:MAX_TEXT]
                if isinstance(node, ast.AnnAssign):
                    item["ann"] = text(node.annotation)
                if at["main"]:
                    item["m"] = True
                self.out["assigns"].append(item)

    def function(self, node, at):
        name = f"{at['scope']}.{node.name}" if at["scope"] else node.name
        fn = {"n": name, "l": node.lineno, "e": node.end_lineno or node.lineno,
              "async": isinstance(node, ast.AsyncFunctionDef), "p": self.parameters(node.args), "ret": [],
              "d": [self.module.value(d) for d in node.decorator_list],
              "doc": (ast.get_docstring(node) or "")[:80]}
        if node.returns is not None:
            fn["r"] = self.module.dotted(node.returns) or text(node.returns)
        self.out["functions"].append(fn)
        for decorator in node.decorator_list:
            self.expression(decorator, at)
        for default in node.args.defaults + [d for d in node.args.kw_defaults if d is not None]:
            self.expression(default, at)
        self.block(node.body, {**at, "scope": name, "fn": fn, "main": False, "try": 0, "except": 0})

    def parameters(self, args):
        plain = args.posonlyargs + args.args
        defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
        pairs = list(zip(plain, defaults)) + list(zip(args.kwonlyargs, args.kw_defaults))
        out = []
        for arg, default in pairs:
            item = {"n": arg.arg}
            if arg.annotation is not None:
                item["t"] = self.module.dotted(arg.annotation) or text(arg.annotation)
                if isinstance(arg.annotation, (ast.Subscript, ast.BinOp)):
                    item["a"] = self.module.value(arg.annotation)
            if default is not None:
                item["v"] = self.module.value(default)
            out.append(item)
        return out

    def klass(self, node, at):
        name = f"{at['scope']}.{node.name}" if at["scope"] else node.name
        fields = []
        for item in node.body:
            if isinstance(item, (ast.Assign, ast.AnnAssign)):
                target = item.targets[0] if isinstance(item, ast.Assign) else item.target
                if isinstance(target, ast.Name):
                    field = {"n": target.id, "l": item.lineno}
                    value = item.value
                    if isinstance(item, ast.AnnAssign):
                        kind, value = annotated(item.annotation, value)
                        field["t"] = text(kind)
                    if value is not None:
                        field["v"] = self.module.value(value)
                    fields.append(field)
        item = {
            "n": name, "l": node.lineno, "b": [self.module.dotted(base) or text(base) for base in node.bases],
            "f": fields, "d": [self.module.value(d) for d in node.decorator_list]}
        filled = filled_fields(node)
        if filled:
            item["g"] = filled
        self.out["classes"].append(item)
        self.block(node.body, {**at, "scope": name})


def digest(path, source):
    try:
        tree, newer = parsed(source)
        out = Module(path, source, tree).out
        return line(out if newer is None else {**out, "py": newer})
    except SyntaxError as error:
        return line({"path": path, "error": {"l": error.lineno or 1, "m": str(error.msg), "v": sys.version_info[1]}})
    except Exception as error:  # a file that is too deep or too large is no reason to leave out the others
        return line({"path": path, "error": {"l": 1, "m": type(error).__name__}})


#: Trees have no circles; to look for them takes a fifth of the time.
JSON = json.JSONEncoder(check_circular=False, ensure_ascii=False, separators=(",", ":"))


def line(out):
    # Text with half of a surrogate pair, which a literal may hold, is no UTF-8 and no JSON.
    return JSON.encode(out).encode("utf-8", "replace") + b"\n"


def main():
    seconds, memory, output = map(int, sys.argv[1:])
    warnings.simplefilter("ignore")  # invalid escapes in somebody else's strings
    gc.disable()  # trees have no cycles
    resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))
    # The kernel kills at the second number, and tells which limit it was at the first.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(seconds * 3)  # a host may be busy
    stdin, stdout, written = sys.stdin.buffer, sys.stdout.buffer, 0
    while header := stdin.readline():
        size, path = header.decode().rstrip("\n").split(" ", 1)
        text = digest(path, stdin.read(int(size)).decode("utf-8", "replace").removeprefix("\ufeff"))
        written += len(text)
        if written > output << 20:
            stdout.flush()
            sys.exit(3)
        stdout.write(text)


main()
