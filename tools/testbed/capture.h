// Capture: frames in a file that tcpdump and Wireshark read (pcap, Ethernet, microseconds).
#pragma once

#include <cstdio>
#include <memory>
#include <optional>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "tools/testbed/frame.h"

namespace heir::testbed {

class Capture {
 public:
  /// Replaces the file.
  static Result<Capture> make(const std::string& path);
  void add(WallTime at, FrameBytes frame);
  /// What was added is in the file; or the first error that there was since it was made.
  Result<> flush();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit Capture(std::string path) : path_(std::move(path)) {}
  void write(const void* bytes, std::size_t count);

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::optional<Error> failed_;
};

}  // namespace heir::testbed
