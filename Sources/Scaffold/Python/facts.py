"""Reads Python sources from standard input and prints what they say, one JSON object a line.

Nothing is imported and nothing is run: the standard library's `ast` takes the text apart. Input is a sequence of
frames, `<bytes> <path>\\n<text>`; output is described by PythonFacts.swift, which is the other half of this file.
"""
import ast
import json
import resource
import signal
import sys
import warnings

MAX_TEXT = 400  # of a string constant
MAX_ITEMS = 60  # of a list or dict
MAX_DEPTH = 6  # of nested values


class Module:
    """One file: its tables of names, and everything in it that a detector or a rule may ask for."""

    def __init__(self, path, tree):
        self.path = path
        self.package = path.rsplit("/", 1)[0].replace("/", ".") if "/" in path else ""
        self.names = {}
        self.out = {"path": path, "imports": [], "assigns": [], "calls": [], "functions": [], "classes": [],
                    "strings": [], "handlers": []}
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.add_import(node)
        Visitor(self).run(tree)

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
        if isinstance(node, ast.Name):
            return self.names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        if isinstance(node, ast.Call):
            base = self.dotted(node.func)
            return f"{base}()" if base else ""
        if isinstance(node, ast.Subscript):
            base = self.dotted(node.value)
            return f"{base}[]" if base else ""
        if isinstance(node, ast.Await):
            return self.dotted(node.value)
        return ""

    def value(self, node, depth=0):
        """A value as data: constants as they are, names resolved, calls with their arguments, the rest as text."""
        if node is None:
            return None
        if isinstance(node, ast.Constant):
            return constant(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant) \
                and isinstance(node.operand.value, (int, float)):
            return constant(-node.operand.value)
        if depth >= MAX_DEPTH:
            return {"x": "…"}
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = self.dotted(node)
            if name:
                return {"n": name}
        if isinstance(node, ast.Call):
            return {"call": self.call(node, depth + 1)}
        if isinstance(node, ast.Await):
            inner = self.value(node.value, depth)
            if "call" in inner:
                inner["call"]["w"] = True
            return inner
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            kind = "tuple" if isinstance(node, ast.Tuple) else "list"
            return {kind: [self.value(item, depth + 1) for item in node.elts[:MAX_ITEMS]]}
        if isinstance(node, ast.Dict):
            return {"dict": [[self.value(k, depth + 1) if k else {"x": "**"}, self.value(v, depth + 1)]
                             for k, v in list(zip(node.keys, node.values))[:MAX_ITEMS]]}
        if isinstance(node, ast.JoinedStr):
            return {"fs": "".join(str(part.value) if isinstance(part, ast.Constant) else "{" + text(part.value) + "}"
                                  for part in node.values)[:MAX_TEXT]}
        if isinstance(node, ast.Subscript):
            return {"sub": [self.value(node.value, depth + 1), self.value(node.slice, depth + 1)]}
        if isinstance(node, ast.BoolOp):
            return {"or" if isinstance(node.op, ast.Or) else "and": [self.value(v, depth + 1) for v in node.values]}
        if isinstance(node, ast.BinOp):
            return {"bin": [self.value(node.left, depth + 1), {"s": type(node.op).__name__},
                            self.value(node.right, depth + 1)]}
        if isinstance(node, ast.IfExp):
            return {"if": [self.value(node.body, depth + 1), self.value(node.orelse, depth + 1),
                           self.value(node.test, depth + 1)]}
        return {"x": text(node)}

    def call(self, node, depth=0):
        out = {"f": self.dotted(node.func), "l": node.lineno}
        if node.args:
            out["a"] = [self.value(a.value if isinstance(a, ast.Starred) else a, depth) for a in node.args[:MAX_ITEMS]]
        if node.keywords:
            out["k"] = [[k.arg or "**", self.value(k.value, depth)] for k in node.keywords[:MAX_ITEMS]]
        return out


def constant(value):
    if value is None or value is Ellipsis:
        return {"none": True}
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": value} if -(2 ** 62) < value < 2 ** 62 else {"x": "int"}
    if isinstance(value, float):
        return {"d": value} if value == value and abs(value) != float("inf") else {"x": "float"}
    if isinstance(value, str):
        return {"s": value[:MAX_TEXT]}
    return {"x": repr(value)[:MAX_TEXT]}


def text(node):
    try:
        return ast.unparse(node)[:MAX_TEXT]
    except (RecursionError, ValueError, AttributeError):
        return "…"


def is_main_guard(node):
    test = node.test
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


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
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self.function(node, at)
        if isinstance(node, ast.ClassDef):
            return self.klass(node, at)
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self.assign(node, at)
        if isinstance(node, ast.Return) and at["fn"] is not None:
            at["fn"]["ret"].append({"l": node.lineno, "v": self.module.value(node.value) or {"none": True},
                                    "x": at["except"] > 0})
        if isinstance(node, ast.If) and is_main_guard(node):
            at = {**at, "main": True}
        if isinstance(node, (ast.Try, getattr(ast, "TryStar", ast.Try))):
            return self.attempt(node, at)
        for field, value in ast.iter_fields(node):
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, ast.stmt):
                    self.statement(item, at)
                elif isinstance(item, ast.match_case if hasattr(ast, "match_case") else ()):
                    self.block(item.body, at)
                elif isinstance(item, ast.AST):
                    self.expression(item, at)

    def attempt(self, node, at):
        self.block(node.body, {**at, "try": at["try"] + 1})
        for handler in node.handlers:
            kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
            inner = list(ast.walk(ast.Module(body=handler.body, type_ignores=[])))
            self.out["handlers"].append({
                "l": handler.lineno, "s": at["scope"], "t": [self.module.dotted(kind) for kind in kinds],
                "raises": any(isinstance(n, ast.Raise) for n in inner)})
            self.block(handler.body, {**at, "except": at["except"] + 1})
        self.block(node.orelse, at)
        self.block(node.finalbody, at)

    def expression(self, node, at):
        """Records calls and telling strings, also those deep inside."""
        stack = [(node, False)]
        while stack:
            item, awaited = stack.pop()
            if isinstance(item, ast.Call):
                call = self.module.call(item)
                call["s"] = at["scope"]
                if awaited:
                    call["w"] = True
                if at["main"]:
                    call["m"] = True
                if at["try"]:
                    call["try"] = True
                self.out["calls"].append(call)
            elif isinstance(item, ast.Constant) and isinstance(item.value, str):
                if "://" in item.value and len(item.value) <= MAX_TEXT:
                    self.out["strings"].append({"l": item.lineno, "v": item.value, "s": at["scope"]})
            elif isinstance(item, ast.JoinedStr):
                value = self.module.value(item)["fs"]
                if "://" in value:
                    self.out["strings"].append({"l": item.lineno, "v": value, "s": at["scope"], "f": True})
                    continue
            children = list(ast.iter_child_nodes(item))
            for child in reversed(children):
                stack.append((child, isinstance(item, ast.Await)))

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
        if any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node)):
            fn["y"] = True
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
                    if isinstance(item, ast.AnnAssign):
                        field["t"] = text(item.annotation)
                    if item.value is not None:
                        field["v"] = self.module.value(item.value)
                    fields.append(field)
        self.out["classes"].append({
            "n": name, "l": node.lineno, "b": [self.module.dotted(base) or text(base) for base in node.bases],
            "f": fields, "d": [self.module.value(d) for d in node.decorator_list]})
        self.block(node.body, {**at, "scope": name})


def digest(path, source):
    try:
        tree = ast.parse(source)
        return Module(path, tree).out
    except SyntaxError as error:
        return {"path": path, "error": {"l": error.lineno or 1, "m": str(error.msg)}}
    except (RecursionError, MemoryError, ValueError) as error:
        return {"path": path, "error": {"l": 1, "m": type(error).__name__}}


def main():
    warnings.simplefilter("ignore")  # invalid escapes in somebody else's strings
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    signal.alarm(30)
    stdin, out = sys.stdin.buffer, sys.stdout
    while header := stdin.readline():
        size, path = header.decode().rstrip("\n").split(" ", 1)
        out.write(json.dumps(digest(path, stdin.read(int(size)).decode("utf-8", "replace")), separators=(",", ":")))
        out.write("\n")


main()
