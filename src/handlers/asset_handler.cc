#include "handlers/asset_handler.h"

#include <memory>
#include <utility>

#include "handlers/answers.h"
#include "web/assets.h"

namespace brilliant::handlers {

AssetHandler::AssetHandler() {
  for (const web::Asset& asset : web::kAssets) {
    http::FieldList fields;
    fields.Add("Content-Length", std::to_string(asset.bytes.size()));
    fields.Add("Content-Type", asset.type);
    // RFC 8246.
    fields.Add("Cache-Control", "public, max-age=31536000, immutable");
    fields.Add("X-Content-Type-Options", "nosniff");
    auto rendered = std::make_shared<files::RenderedFile>();
    http::AppendFieldLines(rendered->fields, fields);
    rendered->content = asset.bytes;
    assets_.emplace("/" + std::string(asset.name), std::move(rendered));
  }
}

std::string_view AssetHandler::Path() { return web::kAssetsPath; }

event::Task<Answer> AssetHandler::Handle(const Request& request, RequestBody& /*body*/,
                                         const HandlerContext& /*context*/) const {
  const auto found = assets_.find(request.path_below);
  if (found == assets_.end()) co_return ErrorResponse(404);
  Response response;
  response.body = RenderedBody{.file = found->second, .with_content = true};
  co_return response;
}

}  // namespace brilliant::handlers
