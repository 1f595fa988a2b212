# generated/web/assets.h: the pages of web/ as constants.

find_package(Python3 REQUIRED COMPONENTS Interpreter)

file(GLOB web_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*.html ${CMAKE_SOURCE_DIR}/web/*.css
     ${CMAKE_SOURCE_DIR}/web/*.js ${CMAKE_SOURCE_DIR}/web/icons/*.svg)
set(web_assets ${CMAKE_BINARY_DIR}/generated/web/assets.h)
add_custom_command(
  OUTPUT ${web_assets}
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/embed-assets ${CMAKE_SOURCE_DIR}/web ${web_assets}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/embed-assets ${web_sources}
  COMMENT "Pages of web/")
add_custom_target(brilliant_web_assets DEPENDS ${web_assets})
if(TARGET brilliant_handlers)
  add_dependencies(brilliant_handlers brilliant_web_assets)
endif()
