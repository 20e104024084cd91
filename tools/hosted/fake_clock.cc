#include "tools/hosted/fake_clock.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace heir::hosted {

namespace {

namespace fs = std::filesystem;

constexpr const char* file_on_host = "/srv/clock";
constexpr const char* file_on_disk = "/clock";

}  // namespace

std::string fake_clock_library() {
  std::error_code error;
  for (fs::directory_iterator each("/usr/lib", error), end; !error && each != end; each.increment(error)) {
    // The one for programs with threads.
    const fs::path path = each->path() / "faketime" / "libfaketimeMT.so.1";
    std::error_code ignored;
    if (fs::exists(path, ignored)) return path;
  }
  return {};
}

std::vector<std::string> fake_clock_environment() {
  return {"LD_PRELOAD=" + fake_clock_library(), std::string("FAKETIME_TIMESTAMP_FILE=") + file_on_host,
          "FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"};
}

Result<> set_fake_clock(const std::string& disk, Duration ahead) {
  const std::string path = disk + file_on_disk;
  const std::string next = path + ".next";
  const std::int64_t ns = ahead.ns() < 0 ? -ahead.ns() : ahead.ns();
  std::ofstream file(next);
  file << fmt::format("{}{}.{:06}\n", ahead.ns() < 0 ? '-' : '+', ns / 1'000'000'000, ns % 1'000'000'000 / 1000);
  file.close();
  std::error_code error;
  fs::permissions(next, fs::perms(0644), error);
  if (!error) fs::rename(next, path, error);
  if (!file || error) return Error{ErrorCode::io_error, path + ": cannot be written"};
  return {};
}

}  // namespace heir::hosted
