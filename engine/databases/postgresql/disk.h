// The copy on disk: what is there, making the first one, swapping one for another. The steps of a swap, and what an
// interruption after each leaves:
//
//   1  data.next made and verified          -> thrown away
//   2  mark `unproven`                      -> thrown away, mark removed
//   3  data -> data.old                     -> data.old -> data (the old copy returns), mark removed
//   4  data.next -> data                    -> the new copy; the old one stays until it has streamed
//   5  it streamed: mark `rewinding` removed, data.old -> data.trash, trash deleted, mark `unproven` removed
#pragma once

#include "engine/databases/postgresql/context.h"
#include "engine/databases/postgresql/programs.h"

namespace heir::postgresql {

/// See Adapter.
Task<Result<Disk>> inspect(Context& context);
Task<Result<bool>> is_empty(Context& context);
Task<Result<>> initialize(Context& context);
Task<Result<>> adopt(Context& context);
Task<Result<>> erase(Context& context);
Task<Result<std::uint64_t>> shutdown_offset(Context& context);
Task<Result<>> keep_identity(Context& context, PeerId identity);
Task<Result<>> keep_store(Context& context, StoreMark mark);

/// Is anything there under this path? Empty folders count.
Task<Result<bool>> folder_exists(Context& context, std::string path);
Task<Result<bool>> file_exists(Context& context, std::string path);

/// May `data` be started and believed? Not if it was found damaged, or a rewind of it did not end. Also true if an
/// interrupted rewind belongs to the old copy.
Task<Result<bool>> is_whole(Context& context);

Task<Result<programs::ControlData>> control_data(Context& context, std::string copy);

/// Notes whose data this is, before the first copy takes its place.
Task<Result<>> claim_cluster(Context& context, std::uint64_t system_identifier);

/// Marks a copy that was made of that of `source`, by a clone or a rewind; durable when it returns.
Task<Result<>> note_rebuilt(Context& context, std::string copy, PeerId source);
/// See Adapter.
Task<Result<std::optional<Generation>>> read_rebuilt(Context& context);
/// Notes durably that the copy's server writes this branch, unless one of its timeline is noted. Answer: the generation
/// of the one that is.
Task<Result<std::uint64_t>> note_led(Context& context, Branch branch);
/// The same, whatever is noted.
Task<Result<>> write_led(Context& context, Branch branch);
/// See Adapter. False if the copy was made of another's since.
Task<Result<bool>> wrote_last_branch(Context& context, Position log);

/// Will a server started on this copy be a standby? Durable when it returns.
Task<Result<>> make_standby(Context& context, std::string copy);

/// Steps 2 to 4, with the server stopped: the verified data.next takes the place of `data`.
Task<Result<>> swap_in_next(Context& context);

/// Step 5, when the copy has streamed. Cheap if there is nothing to do.
Task<Result<>> prove_copy(Context& context);

/// Deletes a folder so that an interruption never leaves half of it under its name.
Task<Result<>> delete_folder(Context& context, std::string path);

}  // namespace heir::postgresql
