// The style, script and pictures of the listing's page, from the program itself. Their path has a hash of them all, so
// they never change and may be kept for ever.
#ifndef BRILLIANT_HANDLERS_ASSET_HANDLER_H_
#define BRILLIANT_HANDLERS_ASSET_HANDLER_H_

#include <map>
#include <string>
#include <string_view>

#include "files/file_cache.h"
#include "handlers/api.h"

namespace brilliant::handlers {

class AssetHandler final : public Handler {
 public:
  AssetHandler();
  // The location it answers for.
  [[nodiscard]] static std::string_view Path();

  event::Task<Answer> Handle(const Request& request, RequestBody& body, const HandlerContext& context) const override;

 private:
  std::map<std::string, files::RenderedFilePtr, std::less<>> assets_;
};

}  // namespace brilliant::handlers

#endif  // BRILLIANT_HANDLERS_ASSET_HANDLER_H_
