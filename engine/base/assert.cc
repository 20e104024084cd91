#include "engine/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace heir {

namespace {
thread_local AssertionHandler handler_ = nullptr;
thread_local const void* context_ = nullptr;
}  // namespace

void set_assertion_handler(AssertionHandler handler, const void* context) {
  handler_ = handler;
  context_ = context;
}

void assertion_failed(const char* condition, const char* file, int line, const std::string& values) {
  std::fprintf(stderr, "heir: assertion failed: %s\n  at %s:%d\n", condition, file, line);
  if (!values.empty()) std::fprintf(stderr, "  %s\n", values.c_str());
  if (AssertionHandler handler = handler_) {
    handler_ = nullptr;
    handler(context_);
  }
  std::abort();
}

}  // namespace heir
