// The stories of `heir shell`; their commands are listed in stories.cc.
#pragma once

namespace heir {

/// The main of the story programs of this folder.
int shell_story_main(int argc, char** argv);

}  // namespace heir
