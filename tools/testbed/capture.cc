#include "tools/testbed/capture.h"

#include "tools/testbed/descriptor.h"

namespace heir::testbed {

namespace {

/// In this machine's byte order, which its magic number shows.
struct FileHeader {
  std::uint32_t magic = 0xa1b2c3d4;
  std::uint16_t major = 2;
  std::uint16_t minor = 4;
  std::int32_t zone = 0;
  std::uint32_t accuracy = 0;
  std::uint32_t longest = most_frame_bytes;
  std::uint32_t link_type = 1;  ///< Ethernet.
};
static_assert(sizeof(FileHeader) == 24);

struct FrameHeader {
  std::uint32_t seconds;
  std::uint32_t microseconds;
  std::uint32_t stored;
  std::uint32_t length;
};
static_assert(sizeof(FrameHeader) == 16);

}  // namespace

Result<Capture> Capture::make(const std::string& path) {
  Capture made(path);
  made.file_.reset(std::fopen(path.c_str(), "wbe"));
  if (!made.file_) return system_error(path);
  const FileHeader header;
  made.write(&header, sizeof header);
  if (const Result<> written = made.flush(); !written) return written.error();
  return made;
}

void Capture::add(WallTime at, FrameBytes frame) {
  const auto length = static_cast<std::uint32_t>(frame.size());
  const FrameHeader header{static_cast<std::uint32_t>(at.ns() / 1'000'000'000),
                           static_cast<std::uint32_t>(at.ns() % 1'000'000'000 / 1000), length, length};
  write(&header, sizeof header);
  write(frame.data(), frame.size());
}

void Capture::write(const void* bytes, std::size_t count) {
  // After an error the file would not be one any more.
  if (!failed_ && std::fwrite(bytes, 1, count, file_.get()) != count) failed_ = system_error(path_);
}

Result<> Capture::flush() {
  if (!failed_ && std::fflush(file_.get()) != 0) failed_ = system_error(path_);
  return failed_ ? Result<>(*failed_) : Result<>();
}

}  // namespace heir::testbed
