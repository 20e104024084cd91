#include "engine/store/store.h"

#include <utility>

namespace heir::store {

Task<void> Store::watch(ServiceName service, Queue<View>& out) {
  std::optional<StoreId> store;
  Version after;
  while (true) {
    View view = co_await changed(service, store, after);
    store = view.store;
    after = view.version;
    out.push(std::move(view));
  }
}

}  // namespace heir::store
