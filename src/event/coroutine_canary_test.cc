// Judges the compiler, not the server: for every way this program is allowed to write `co_await` (CONTRIBUTING.md,
// "Coroutines") it counts the constructions and destructions of all objects and frames involved. Its task type is its
// own, as plain as one can be, so that a failure here means that the compiler loses or doubles objects.
//
// Built and run at -O0 and at -O2 by each compiler and with the sanitizers (tests/CMakeLists.txt). The ways that are
// forbidden are the disabled tests at the end, each with the fault that forbids it:
//   build/release/tests/coroutine_canary_O0 --gtest_also_run_disabled_tests
#include <gtest/gtest.h>

#include <array>
#include <coroutine>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace {

using brilliant::ErrorCode;
using brilliant::Failure;
using brilliant::Result;

// What is alive. A destruction of something that is not, or a construction on top of something that is, is a fault.
struct Ledger {
  std::set<const void*> alive;
  int faults = 0;
  int frames = 0;
  std::string destroyed;  // the names of what was destroyed, in order

  void Born(const void* object) { faults += alive.insert(object).second ? 0 : 1; }
  void Died(const void* object) { faults += alive.erase(object) == 1 ? 0 : 1; }
};

Ledger* ledger = nullptr;

// An object that is not trivial in any way: copies and moves are recorded and it owns heap memory.
class Counted {
 public:
  explicit Counted(char name) : name_(std::make_unique<char>(name)) { ledger->Born(this); }
  Counted(Counted&& other) noexcept : name_(std::move(other.name_)) { ledger->Born(this); }
  Counted(const Counted& other) : name_(std::make_unique<char>(other.name())) { ledger->Born(this); }
  Counted& operator=(Counted&& other) noexcept {
    name_ = std::move(other.name_);
    return *this;
  }
  Counted& operator=(const Counted& other) {
    name_ = std::make_unique<char>(other.name());
    return *this;
  }
  ~Counted() {
    ledger->Died(this);
    if (name_ != nullptr) ledger->destroyed += *name_;
  }
  [[nodiscard]] char name() const { return name_ == nullptr ? '-' : *name_; }

 private:
  std::unique_ptr<char> name_;
};

template <typename T>
class Task;

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(size_t size) {
    ++ledger->frames;
    return ::operator new(size);
  }
  static void operator delete(void* frame, size_t size) {
    --ledger->frames;
    ::operator delete(frame, size);
  }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
      return handle.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::abort(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
};

// Lazy, move-only, awaited once; owns its frame.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    Handle handle;
    bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept {
      handle.promise().continuation = parent;
      return handle;
    }
    T await_resume() {
      if constexpr (!std::is_void_v<T>) return std::move(*handle.promise().value);
    }
  };
  Awaiter operator co_await() && { return Awaiter{handle_}; }

  void Start() { handle_.resume(); }

 private:
  Handle handle_;
};

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// Stands for the event loop: a leaf suspends here and is resumed later, from outside.
class Gate {
 public:
  struct Awaiter {
    Gate& gate;
    bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept { gate.waiting_ = handle; }
    Result<int> await_resume() noexcept { return gate.answer_; }
  };
  Awaiter Wait() { return Awaiter{*this}; }
  bool Open() {
    const std::coroutine_handle<> handle = std::exchange(waiting_, nullptr);
    if (handle) handle.resume();
    return static_cast<bool>(handle);
  }
  void AnswerWith(Result<int> answer) { answer_ = answer; }

 private:
  std::coroutine_handle<> waiting_;
  Result<int> answer_ = 7;
};

class CoroutineCanary : public ::testing::Test {
 protected:
  void SetUp() override { ledger = &ledger_; }
  void TearDown() override {
    EXPECT_TRUE(ledger_.alive.empty()) << ledger_.alive.size() << " objects were never destroyed";
    EXPECT_EQ(ledger_.faults, 0) << "objects were destroyed twice or built on top of each other";
    EXPECT_EQ(ledger_.frames, 0) << "frames leaked";
    ledger = nullptr;
  }
  // Runs the task to its end, opening the gate as often as it waits; returns how often that was.
  int Run(Task<void> task) {
    task.Start();
    int count = 0;
    while (gate_.Open()) ++count;
    return count;
  }

  Ledger ledger_;
  Gate gate_;
  std::string seen_;
};

// ---- coroutines the tests are made of
// ---------------------------------------------------------------------------------

Task<Counted> Make(Gate& gate, char name) {
  Counted made(name);
  Result<int> ready = co_await gate.Wait();
  if (!ready) co_return Counted('!');
  co_return made;
}

Task<Result<Counted>> MakeOrFail(Gate& gate, char name) {
  Counted local('l');
  Result<int> ready = co_await gate.Wait();
  if (!ready) co_return std::unexpected(ready.error());
  co_return Counted(name);
}

Task<char> Take(Gate& gate, Counted taken) {
  Result<int> ready = co_await gate.Wait();
  co_return ready ? taken.name() : '!';
}

Task<void> Touch(Gate& gate, std::string& seen, Counted& borrowed) {
  Result<int> ready = co_await gate.Wait();
  if (ready) seen += borrowed.name();
}

Task<void> Immediate() { co_return; }

Task<int> ImmediateValue(int value) { co_return value; }

// ---- allowed
// ----------------------------------------------------------------------------------------------------------

Task<void> WholeStatement(Gate& gate, std::string& seen) {
  Counted local('a');
  co_await Touch(gate, seen, local);
  co_await Touch(gate, seen, local);
}
TEST_F(CoroutineCanary, AwaitAsWholeStatement) {
  EXPECT_EQ(Run(WholeStatement(gate_, seen_)), 2);
  EXPECT_EQ(seen_, "aa");
}

Task<void> Initialiser(Gate& gate, std::string& seen) {
  Counted first = co_await Make(gate, 'a');
  const Counted second = co_await Make(gate, 'b');
  seen += first.name();
  seen += second.name();
}
TEST_F(CoroutineCanary, AwaitAsInitialiserDestroysInReverseOrder) {
  EXPECT_EQ(Run(Initialiser(gate_, seen_)), 2);
  EXPECT_EQ(seen_, "ab");
  EXPECT_EQ(ledger_.destroyed, "ba");
}

Task<void> Assignment(Gate& gate, std::string& seen) {
  Counted local('x');
  local = co_await Make(gate, 'a');
  seen += local.name();
  local = co_await Make(gate, 'b');
  seen += local.name();
}
TEST_F(CoroutineCanary, AwaitAsRightSideOfAnAssignment) {
  EXPECT_EQ(Run(Assignment(gate_, seen_)), 2);
  EXPECT_EQ(seen_, "ab");
}

Task<Counted> ReturnAwait(Gate& gate, int depth) {
  Counted local('d');
  if (depth == 0) co_return co_await Make(gate, 'z');
  co_return co_await ReturnAwait(gate, depth - 1);
}
Task<void> ReturnAwaitRoot(Gate& gate, std::string& seen) {
  Counted result = co_await ReturnAwait(gate, 10);
  seen += result.name();
}
TEST_F(CoroutineCanary, ReturnOfAnAwait) {
  EXPECT_EQ(Run(ReturnAwaitRoot(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "z");
}

Task<void> MovedLocal(Gate& gate, std::string& seen) {
  Counted local('a');
  const char name = co_await Take(gate, std::move(local));
  seen += name;
  seen += local.name();  // NOLINT(bugprone-use-after-move): moved from exactly once
}
TEST_F(CoroutineCanary, NamedLocalMovedIntoTheCall) {
  EXPECT_EQ(Run(MovedLocal(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "a-");
}

Task<void> NamedTask(Gate& gate, std::string& seen) {
  Counted local('a');
  Task<char> first = Take(gate, std::move(local));
  Task<char> never_awaited = Take(gate, local);
  const char name = co_await std::move(first);
  seen += name;
}
TEST_F(CoroutineCanary, NamedTaskAwaitedOnceAndAnotherNeverStarted) {
  EXPECT_EQ(Run(NamedTask(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "a");
}

Task<size_t> TrivialArguments(Gate& gate, std::span<const char> bytes, std::string_view text, int number) {
  Result<int> ready = co_await gate.Wait();
  co_return ready ? bytes.size() + text.size() + static_cast<size_t>(number) : 0;
}
Task<void> TrivialTemporaries(Gate& gate, std::string& seen) {
  const std::string text(100, 't');
  const std::vector<char> bytes(10);
  const size_t sum = co_await TrivialArguments(gate, std::span(bytes), std::string_view(text), 1);
  seen += std::to_string(sum);
}
TEST_F(CoroutineCanary, TrivialTemporariesAsArguments) {
  EXPECT_EQ(Run(TrivialTemporaries(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "111");
}

Task<Result<void>> EarlyReturn(Gate& gate, std::string& seen, bool fail) {
  Counted outer('o');
  Result<Counted> made = co_await MakeOrFail(gate, 'a');
  if (!made) {
    Counted cleaning('c');
    co_await Touch(gate, seen, cleaning);  // awaits are allowed while an error is on its way up
    co_return std::unexpected(made.error());
  }
  if (fail) co_return Failure(ErrorCode::kInvalid, "canary");
  Counted inner = std::move(*made);
  seen += inner.name();
  co_return Result<void>{};
}
Task<void> EarlyReturnRoot(Gate& gate, std::string& seen, bool fail) {
  Result<void> result = co_await EarlyReturn(gate, seen, fail);
  seen += result ? "ok" : "failed";
}
TEST_F(CoroutineCanary, EarlyReturnDestroysEveryLocal) {
  EXPECT_EQ(Run(EarlyReturnRoot(gate_, seen_, false)), 1);
  EXPECT_EQ(Run(EarlyReturnRoot(gate_, seen_, true)), 1);
  gate_.AnswerWith(Failure(ErrorCode::kDeadline, "canary"));
  EXPECT_EQ(Run(EarlyReturnRoot(gate_, seen_, false)), 2);
  EXPECT_EQ(seen_, "aokfailedfailed");
}

Task<Result<Counted>> Macros(Gate& gate, std::string& seen) {
  Counted local('m');
  CO_ASSIGN_OR_RETURN(Counted first, co_await MakeOrFail(gate, 'a'));
  CO_ASSIGN_OR_RETURN(first, co_await MakeOrFail(gate, 'b'));
  seen += first.name();
  CO_RETURN_IF_ERROR(co_await MakeOrFail(gate, 'c'));
  co_return first;
}
Task<void> MacrosRoot(Gate& gate, std::string& seen) {
  Result<Counted> result = co_await Macros(gate, seen);
  seen += result ? result->name() : '!';
}
TEST_F(CoroutineCanary, StatementMacrosForResults) {
  EXPECT_EQ(Run(MacrosRoot(gate_, seen_)), 3);
  gate_.AnswerWith(Failure(ErrorCode::kClosed, "canary"));
  EXPECT_EQ(Run(MacrosRoot(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "bb!");
}

Task<void> Loop(Gate& gate, std::string& seen) {
  for (int i = 0; i < 5; ++i) {
    Counted each = co_await Make(gate, static_cast<char>('a' + i));
    if (i == 1) continue;
    if (i == 3) break;
    Counted inner('i');
    seen += each.name();
  }
  const std::vector<char> names = {'x', 'y'};
  for (const char name : names) {
    Counted each = co_await Make(gate, name);
    seen += each.name();
  }
}
TEST_F(CoroutineCanary, LoopWithBreakAndContinue) {
  EXPECT_EQ(Run(Loop(gate_, seen_)), 6);
  EXPECT_EQ(seen_, "acxy");
  EXPECT_EQ(ledger_.destroyed, "iabicdxy");
}

Task<void> Branches(Gate& gate, std::string& seen, int which) {
  Counted local('l');
  switch (which) {
    case 0: {
      Counted chosen = co_await Make(gate, 'a');
      seen += chosen.name();
      break;
    }
    case 1:
      co_await Touch(gate, seen, local);
      break;
    default: {
      std::optional<Counted> maybe;
      maybe = co_await Make(gate, 'c');
      seen += maybe->name();
    }
  }
}
TEST_F(CoroutineCanary, BranchesOfASwitch) {
  for (const int which : {0, 1, 2}) EXPECT_EQ(Run(Branches(gate_, seen_, which)), 1);
  EXPECT_EQ(seen_, "alc");
}

struct Aggregate {
  int status = 0;
  Counted body;
  std::vector<std::string> fields;
};
struct Other {
  std::string target;
};
using Answer = std::variant<Aggregate, Other>;

// The shape of a handler: a virtual const member that is a coroutine and returns a variant of move-only-ish structs.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Task<Answer> Handle(Gate& gate, int kind) const = 0;
};
class ConcreteHandler final : public Handler {
 public:
  Task<Answer> Handle(Gate& gate, int kind) const override {
    Counted body = co_await Make(gate, name_.name());
    if (kind == 0) co_return Aggregate{.status = 200, .body = std::move(body), .fields = {"a", "b"}};
    if (kind == 1) co_return Other{.target = std::string(100, 'u')};
    co_return MakeAggregate(std::move(body));
  }

 private:
  static Aggregate MakeAggregate(Counted body) { return {.status = 404, .body = std::move(body), .fields = {}}; }
  Counted name_{'n'};
};
Task<void> CallHandler(Gate& gate, std::string& seen, int kind) {
  const std::unique_ptr<Handler> handler = std::make_unique<ConcreteHandler>();
  Answer answer = co_await handler->Handle(gate, kind);
  if (const auto* aggregate = std::get_if<Aggregate>(&answer)) {
    seen += std::to_string(aggregate->status) + aggregate->body.name() + std::to_string(aggregate->fields.size());
  } else {
    seen += std::to_string(std::get<Other>(answer).target.size());
  }
}
TEST_F(CoroutineCanary, VirtualMemberReturningAVariantOfAggregates) {
  for (const int kind : {0, 1, 2}) EXPECT_EQ(Run(CallHandler(gate_, seen_, kind)), 1);
  EXPECT_EQ(seen_, "200n2100404n0");
}

Task<void> LambdaInItsOwnStatement(Gate& gate, std::string& seen) {
  Counted captured('a');
  const auto name_of = [&captured, copy = captured](char suffix) {
    return std::string{copy.name(), captured.name(), suffix};
  };
  co_await Touch(gate, seen, captured);
  const std::string names = name_of('s');
  seen += names;
}
TEST_F(CoroutineCanary, CapturingLambdaInAStatementWithoutAwait) {
  EXPECT_EQ(Run(LambdaInItsOwnStatement(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "aaas");
}

Task<std::unique_ptr<Counted>> MoveOnly(Gate& gate, std::unique_ptr<Counted> given) {
  Result<int> ready = co_await gate.Wait();
  if (!ready) co_return nullptr;
  co_return given;
}
Task<void> MoveOnlyRoot(Gate& gate, std::string& seen) {
  auto given = std::make_unique<Counted>('p');
  std::unique_ptr<Counted> back = co_await MoveOnly(gate, std::move(given));
  seen += back->name();
}
TEST_F(CoroutineCanary, MoveOnlyArgumentAndResult) {
  EXPECT_EQ(Run(MoveOnlyRoot(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "p");
}

Task<void> LargeFrame(Gate& gate, std::string& seen) {
  alignas(64) std::array<char, 8192> buffer;
  buffer.fill('f');
  Counted local('a');
  co_await Touch(gate, seen, local);
  bool intact = true;
  for (const char byte : buffer) intact = intact && byte == 'f';
  seen += intact ? '+' : '-';
}
TEST_F(CoroutineCanary, LocalsKeepTheirBytesAcrossASuspension) {
  EXPECT_EQ(Run(LargeFrame(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "a+");
}

Task<void> ManyImmediate(int64_t& sum, int count) {
  for (int i = 0; i < count; ++i) {
    co_await Immediate();
    const int value = co_await ImmediateValue(1);
    sum += value;
  }
}
TEST_F(CoroutineCanary, AwaitsThatNeverSuspendUseABoundedStack) {
// Symmetric transfer is no tail call in g++ without optimisation or with sanitizers: there, the bound is what the event
// loop's yields allow.
#if defined(__clang__) || (defined(__OPTIMIZE__) && !defined(BRILLIANT_SANITIZED))
  const int count = 1'000'000;
#else
  const int count = 256;
#endif
  int64_t sum = 0;
  EXPECT_EQ(Run(ManyImmediate(sum, count)), 0);
  EXPECT_EQ(sum, count);
}

// ---- forbidden: each is miscompiled by a compiler that somebody may use
// ------------------------------------------------

// tremotesf2 pull request 551 (g++ 12): a capturing lambda and an await in one full expression are destroyed twice.
template <typename F>
Task<char> CallWith(Gate& gate, F function) {
  Result<int> ready = co_await gate.Wait();
  co_return ready ? function() : '!';
}
Task<void> LambdaInTheAwaitedCall(Gate& gate, std::string& seen) {
  Counted captured('a');
  const char name = co_await CallWith(gate, [captured] { return captured.name(); });  // TIDY: shows the fault
  seen += name;
}
TEST_F(CoroutineCanary, DISABLED_CapturingLambdaInTheAwaitedCall) {
  EXPECT_EQ(Run(LambdaInTheAwaitedCall(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "a");
}

// redpanda issue 891, g++ PR 99576, 100611, 101976: temporaries of the awaited expression die early or twice.
Task<void> TemporaryArgument(Gate& gate, std::string& seen) {
  const char name = co_await Take(gate, Counted('a'));  // TIDY: shows the fault
  seen += name;
}
TEST_F(CoroutineCanary, DISABLED_TemporaryAsArgument) {
  EXPECT_EQ(Run(TemporaryArgument(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "a");
}

#if defined(__clang__)  // g++ 12 stops with "array used as initializer"
Task<size_t> TakeStrings(Gate& gate, std::vector<std::string> strings) {
  Result<int> ready = co_await gate.Wait();
  co_return ready ? strings.size() : 0;
}
Task<void> BracedList(Gate& gate, std::string& seen) {
  // TIDY: shows the fault
  const size_t size = co_await TakeStrings(gate, {std::string(40, 'a'), std::string(40, 'b')});
  seen += std::to_string(size);
}
TEST_F(CoroutineCanary, DISABLED_BracedListAsArgument) {
  EXPECT_EQ(Run(BracedList(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "2");
}
#endif

// g++ PR 124584: the destructors behind a structured binding are skipped.
Task<std::pair<Counted, Counted>> MakePair(Gate& gate) {
  Counted first = co_await Make(gate, 'a');
  Counted second = co_await Make(gate, 'b');
  co_return std::pair<Counted, Counted>(std::move(first), std::move(second));
}
Task<void> StructuredBinding(Gate& gate, std::string& seen) {
  auto [first, second] = co_await MakePair(gate);  // TIDY: shows the fault
  seen += first.name();
  seen += second.name();
}
TEST_F(CoroutineCanary, DISABLED_StructuredBindingOnAnAwait) {
  EXPECT_EQ(Run(StructuredBinding(gate_, seen_)), 2);
  EXPECT_EQ(seen_, "ab");
}

// llvm issue 59181: the branch that was not taken is destroyed, or the one taken is used after its end.
Task<void> Conditional(Gate& gate, std::string& seen, bool which) {
  Counted local('l');
  Counted chosen = which ? co_await Make(gate, 'a') : local;  // TIDY: shows the fault
  seen += chosen.name();
}
TEST_F(CoroutineCanary, DISABLED_AwaitInsideAConditionalExpression) {
  Run(Conditional(gate_, seen_, true));
  Run(Conditional(gate_, seen_, false));
  EXPECT_EQ(seen_, "al");
}

#if defined(__clang__)  // g++ 12 stops with an internal error
// g++ PR 115851: temporaries in GNU statement expressions are lost in coroutines.
Task<void> StatementExpression(Gate& gate, std::string& seen) {
  // TIDY: shows the fault
  Counted made = __extension__({
    Result<Counted> result = co_await MakeOrFail(gate, 'a');
    std::move(*result);
  });
  seen += made.name();
}
TEST_F(CoroutineCanary, DISABLED_StatementExpression) {
  EXPECT_EQ(Run(StatementExpression(gate_, seen_)), 1);
  EXPECT_EQ(seen_, "a");
}
#endif

}  // namespace
