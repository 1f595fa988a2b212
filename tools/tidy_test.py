#!/usr/bin/python3
"""Tests of tools/tidy: each rule catches a bad sample and lets a good one pass."""
import importlib.machinery
import importlib.util
import pathlib
import unittest

TIDY_PATH = pathlib.Path(__file__).with_name("tidy")
loader = importlib.machinery.SourceFileLoader("tidy", str(TIDY_PATH))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)

ARROWS = {"base": {"base"}, "http": {"http", "base"}, "files": {"files", "event", "http", "base"}, "event": {"event", "base"},
          "handlers": {"handlers", "files", "http", "base"}}


def rules(code: str, name: str = "src/http/sample.cc") -> set[str]:
    return {offence.rule for offence in tidy.check_text(name, code, ARROWS, {"UniqueFd", "Counted"})}


def coroutine(statement: str) -> str:
    return "Task<int> Sample(Stream& stream) {\n" + statement + "\n}\n"


# rule, offending code, the same done right
BANNED_SAMPLES = [
    ("close", "void F(int fd) { close(fd); }", "void F(UniqueFd fd) { fd.Reset(); stream.close(); close_range(3, 4, 0); }"),
    ("close", "void F(int fd) { ::close(fd); }", "// close(fd) would be wrong\n"),
    ("exceptions", "void F() { throw 1; }", 'void F() { Log("throw"); }'),
    ("exceptions", "void F() { try { G(); } catch (...) { } }", "Result<void> TryRead();"),
    ("include", "#include <iostream>\n", "#include <string>\n"),
    ("banned-call", "void F() { sprintf(b, c); }", "void F() { std::snprintf(b, 4, c); }"),
    ("banned-call", "void F() { ::system(x); }", "void F() { file_system(x); }"),
    ("banned-call", "int F() { return std::rand(); }", "int F() { return operand(); }"),
    ("sleep", "void F() { std::this_thread::sleep_for(s); }", "void F() { clock.Advance(s); }"),
    ("delete-this", "void F() { delete this; }", "void F() { delete other; }"),
    ("using-namespace", "using namespace std;", "using std::string; using namespace std::string_view_literals;"),
    ("banned-call", "void F() { std::signal(SIGHUP, Handle); }", "void F() { std::signal(SIGPIPE, SIG_IGN); }"),
    ("goto", "void F() { goto end; }", "void F() { go_to(end); }"),
    ("callback-name", "void OnReadable();", "void Once(); bool IsOn();"),
    ("done", "bool F() { return handle.done(); }", "bool F() { return decoder.done(); }"),
    ("statement-expression", "int F() { return ({ int x = 1; x; }); }", "void F() { EXPECT_DEATH(\n{ int x = G({1, 2}); }); }"),
    ("pragma-once", "#pragma once\n", "#pragma GCC diagnostic push\n"),
    ("system-name", "#if defined(__linux__)\n#endif\n", "#if BRILLIANT_LINUX\n#elif defined(__APPLE__)\n#endif\n"),
]

FORBIDDEN_AWAITS = [
    "if (co_await F(x)) G();",
    "while (co_await F(x)) { G(); }",
    "if (const int y = co_await F(x); y > 0) G();",
    "switch (co_await F(x)) { case 1: break; }",
    "G(co_await F(x));",
    "const int y = which ? co_await F(x) : 3;",
    "const bool y = a && co_await F(x);",
    "const int y = co_await F(x) + 1;",
    "const bool y = co_await F(x) == 1;",
    "const int y = 1 + co_await F(x);",
    "auto [a, b] = co_await F(x);",
    "const auto& [a, b] = co_await F(x);",
    "co_await F([x] { return x; });",
    "co_await F([&](int y) { return x + y; });",
    "auto task = [x]() -> Task<int> { co_return co_await F(x); };",
    "co_await F({1, 2});",
    "co_await F(Options{.a = 1});",
    "co_await F(Counted('a'));",
    "co_await F(x, net::UniqueFd(3));",
    "co_await F(std::string(10, 'a'));",
    'co_await F(fmt::format("{}", 1));',
    "co_await F(std::make_unique<int>(1));",
    "co_await F(co_await G(x));",
    "const int y = (co_await F(x)).value();",
    "co_return G(co_await F(x));",
    "CO_ASSIGN_OR_RETURN(int y, co_await F([x] { return x; }));",
    "if (a) { b = c ? co_await F(x) : d; }",
    "if (a) b = G(co_await F(x));",
]

ALLOWED_AWAITS = [
    "co_await F(x);",
    "(void)co_await F(x);",
    "const Result<size_t> y = co_await stream.ReadSome(into);",
    "auto y = co_await F(std::move(x));",
    "[[maybe_unused]] const auto y = co_await F(x);",
    "y = co_await F(x);",
    "this->member_.field = co_await F(x);",
    "co_return co_await F(x);",
    "co_await std::move(task);",
    "co_await loop.Wait(waitable, Interest::kRead, Deadline::After(span));",
    "co_await stream.LingeringClose(context.LingerDeadline());",
    "if (served % 16 == 15) co_await loop.Yield();",
    "if (a) {\n  co_await F(x);\n} else {\n  co_return co_await G(x);\n}",
    "for (int i = 0; i < 3; ++i) co_await F(i);",
    "for (const auto& each : all) { Result<int> y = co_await F(each); if (!y) break; }",
    "switch (y) { case Kind::kA: co_await F(x); break; default: co_await G(x); }",
    "CO_ASSIGN_OR_RETURN(const size_t count, co_await stream.ReadSome(into));",
    "CO_RETURN_IF_ERROR(co_await F(x));",
    "const auto name = [&x](int y) { return x + y; };\nco_await F(name(1));",
    "int z[3];\nz[1] = co_await F(x[2]);",
    "// if (co_await F(x)) is forbidden",
    'Log("if (co_await F(x))");',
]


class Rules(unittest.TestCase):
    def test_banned_things(self):
        for rule, bad, good in BANNED_SAMPLES:
            with self.subTest(rule=rule, bad=bad):
                self.assertIn(rule, rules(bad))
            with self.subTest(rule=rule, good=good):
                self.assertEqual(rules(good), set())

    def test_forbidden_forms_of_await(self):
        for statement in FORBIDDEN_AWAITS:
            with self.subTest(statement=statement):
                self.assertIn("coroutine-form", rules(coroutine(statement)))

    def test_allowed_forms_of_await(self):
        for statement in ALLOWED_AWAITS:
            with self.subTest(statement=statement):
                self.assertEqual(rules(coroutine(statement)), set())

    def test_lambda_that_is_a_coroutine(self):
        self.assertIn("coroutine-form", rules("void F() {\n  auto g = [x]() -> Task<int> { co_return x; };\n}\n"))
        self.assertEqual(rules("Task<int> F(int x) {\n  const auto g = [x] { return x; };\n  co_return g();\n}\n"), set())

    def test_coroutine_parameters(self):
        self.assertIn("coroutine-parameter", rules("Task<int> F(std::string&& x) { co_return 1; }"))
        self.assertIn("coroutine-parameter", rules("Task<int> F(const std::string& x) { co_return 1; }"))
        self.assertIn("coroutine-parameter", rules("Task<int> F(int a, std::vector<int>& x) { co_return 1; }"))
        self.assertEqual(rules("Task<int> F(std::string x, Stream& s, std::span<const char> b) { co_return 1; }"), set())
        self.assertEqual(rules("int F(const std::string& x, std::string&& y) { return 1; }"), set())

    def test_include_arrows(self):
        self.assertIn("include-arrow", rules('#include "files/open_file.h"\n'))
        self.assertIn("include-arrow", rules('#include "sample.h"\n'))
        self.assertIn("include-arrow", rules('#include "web/assets.h"\n'))
        self.assertEqual(rules('#include "base/result.h"\n#include "http/method.h"\n#include <fmt/format.h>\n'), set())
        self.assertEqual(rules('#include "web/assets.h"\n', "src/handlers/error_pages.cc"), set())
        self.assertEqual(rules('#include "files/mime_table.inc"\n', "src/files/mime_types.cc"), set())

    def test_arrows_come_from_the_build(self):
        arrows = tidy.include_arrows()
        self.assertEqual(arrows["base"], {"base"})
        self.assertEqual(arrows["http"], {"http", "base"})
        self.assertEqual(len(arrows), 11)
        self.assertIn("server", arrows["process"])

    def test_header(self):
        good = ("// What it is.\n#ifndef BRILLIANT_HTTP_SAMPLE_H_\n#define BRILLIANT_HTTP_SAMPLE_H_\n"
                "#endif  // BRILLIANT_HTTP_SAMPLE_H_\n")
        name = "src/http/sample.h"
        self.assertEqual(rules(good, name), set())
        self.assertEqual(rules(good.replace("SAMPLE", "OTHER"), name), {"header-guard"})
        self.assertEqual(rules(good.removeprefix("// What it is.\n"), name), {"purpose"})

    def test_function_length(self):
        def function(lines: int) -> str:
            return "void F() {\n" + "  G();\n" * (lines - 2) + "}\n"
        self.assertEqual(rules(function(70)), set())
        self.assertEqual(rules(function(71)), {"function-length"})
        self.assertEqual(rules("namespace a {\n" + function(40) + function(40) + "}\n"), set())
        self.assertEqual(rules("class A {\n public:\n" + function(71) + "};\n"), {"function-length"})
        self.assertEqual(rules("A::A(int x) : a_{x}, b_(x) {\n" + "  G();\n" * 70 + "}\n"), {"function-length"})
        self.assertEqual(rules("const int kTable[] = {\n" + "  1,\n" * 100 + "};\n"), set())
        self.assertEqual(rules("// TIDY: a table of cases reads best in one piece\n" + function(71)), set())

    def test_file_length(self):
        self.assertEqual(rules("int a;\n" * 800), set())
        self.assertEqual(rules("int a;\n" * 801), {"file-length"})

    def test_parameters(self):
        self.assertEqual(rules("void F(int a, std::map<int, int> b, int c, int d, int e) {\n}\n"), set())
        self.assertEqual(rules("void F(int a, int b, int c, int d, int e, int f) {\n}\n"), {"parameters"})

    def test_nesting(self):
        def nested(depth: int) -> str:
            return "void F() {\n" + "if (a) {\n" * depth + "G();\n" + "}\n" * depth + "}\n"
        self.assertEqual(rules(nested(3)), set())
        self.assertEqual(rules(nested(4)), {"nesting"})

    def test_excuse_needs_a_reason(self):
        self.assertEqual(rules("void F() { close(3); }  // TIDY: the descriptor is nobody's\n"), set())
        self.assertEqual(rules("void F() { close(3); }  // TIDY:\n"), {"close"})

    def test_unfinished_work(self):
        word = "TO" + "DO"
        self.assertTrue(tidy.check_unfinished(f"// {word}: later\n"))
        self.assertFalse(tidy.check_unfinished("// all done\n"))

    def test_text_of_literals_is_not_code(self):
        self.assertEqual(rules("const char* a = R\"x( throw close(1) \" )x\"; const int n = 1'000'000; char c = '\"';\n"), set())


if __name__ == "__main__":
    unittest.main()
