#include "tools/hosted/wall_clock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string_view>

// wall_clock/library.cc, linked: every host gets a copy, wherever this program came from.
__asm__(
    ".pushsection .rodata\n"
    "heir_wall_clock_begin:\n"
    ".incbin \"" HEIR_WALL_CLOCK_LIBRARY
    "\"\n"
    "heir_wall_clock_end:\n"
    ".popsection\n");
// Hidden, so that their addresses are known when the program is linked.
extern "C" __attribute__((visibility("hidden"))) const char heir_wall_clock_begin[], heir_wall_clock_end[];

namespace heir::hosted {

namespace {

constexpr const char* library_name = "/heir-wall-clock.so";
constexpr const char* file_name = "/heir-wall-clock";

/// Anew, for everybody to read.
Result<testbed::Descriptor> write_file(const std::string& path, std::string_view content, mode_t mode) {
  testbed::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!file || ::fchmod(file.get(), mode) != 0 ||
      ::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
    return testbed::system_error(path);
  return file;
}

}  // namespace

Result<> can_step_clocks() {
#ifdef __SANITIZE_ADDRESS__
  return Error{
      ErrorCode::refused,
      "cannot step the clocks of a build with AddressSanitizer, which must be loaded before anything else: use "
      "one without HEIR_SANITIZE"};
#else
  return {};
#endif
}

Result<WallClock> WallClock::make(const std::string& folder, const std::string& on_host) {
  const std::string_view library(heir_wall_clock_begin,
                                 static_cast<std::size_t>(heir_wall_clock_end - heir_wall_clock_begin));
  const Result<testbed::Descriptor> installed = write_file(folder + library_name, library, 0755);
  if (!installed) return installed.error();
  WallClock made;
  Result<testbed::Descriptor> file = write_file(folder + file_name, "", 0644);
  if (!file) return file.error();
  made.file_ = std::move(*file);
  made.on_host_ = on_host;
  const Result<> set = made.step(Duration());
  return set ? Result<WallClock>(std::move(made)) : Result<WallClock>(set.error());
}

Result<> WallClock::step(Duration by) {
  ahead_ = ahead_ + by;
  const std::int64_t ns = ahead_.ns();
  if (::pwrite(file_.get(), &ns, sizeof ns, 0) != sizeof ns) return testbed::system_error("a host's wall clock");
  return {};
}

std::vector<std::string> WallClock::environment() const {
  return {"LD_PRELOAD=" + on_host_ + library_name, "HEIR_WALL_CLOCK=" + on_host_ + file_name};
}

}  // namespace heir::hosted
