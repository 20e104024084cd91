// ASSERT: on in every build. For bugs only; what the world can do wrong is a Result or a refusal.
#pragma once

#include <string>

namespace heir {

/// Called once when an assertion fails, before the process aborts: prints what the assertion cannot know (seed, virtual
/// time, event number, how to replay). One handler per thread of simulation; null for none.
using AssertionHandler = void (*)(const void* context);
void set_assertion_handler(AssertionHandler handler, const void* context);

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line, const std::string& values = {});

}  // namespace heir

/// ASSERT(condition) or ASSERT(condition, text): `text` is evaluated on failure only and should show the values and a
/// guess at the cause. The condition has no side effects.
#define ASSERT(condition, ...)        \
  (__builtin_expect(!!(condition), 1) \
       ? void()                       \
       : ::heir::assertion_failed(#condition, __FILE__, __LINE__ __VA_OPT__(, ) __VA_ARGS__))
