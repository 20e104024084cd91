// What a command writes, beside what it reads: nothing is written over what is read, nor twice to one place, and what
// cannot be written is said before anything is done.
#pragma once

#include <string>
#include <vector>

namespace heir::tools {

struct Output {
  enum class Kind {
    file,
    report,    ///< A folder, as of `heir report` (report_folder.h).
    database,  ///< Opened before anything else is done, and refused then if it is nothing of ours.
  };
  std::string option;  ///< "--history"
  std::string path;    ///< "": not asked for.
  Kind kind = Kind::file;
};

/// What is wrong with them, each as "--history h.jsonl: …"; none if all is well. `inputs`: files that are read, "-" for
/// standard input. One file under two names is found, by what it is or, where it is still to be made, by where; devices
/// and pipes may be named as often as one likes.
std::vector<std::string> output_problems(const std::vector<Output>& outputs, const std::vector<std::string>& inputs);

}  // namespace heir::tools
