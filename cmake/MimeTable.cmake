# generated/files/mime_table.inc: extensions and media types, from the system's list.

find_file(BRILLIANT_MIME_TYPES mime.types PATHS /etc /usr/local/etc /etc/apache2 NO_DEFAULT_PATH
          DOC "The list of media types and extensions to compile in")
if(NOT BRILLIANT_MIME_TYPES)
  message(FATAL_ERROR "No mime.types found: install the package media-types, or set -DBRILLIANT_MIME_TYPES=FILE")
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(mime_table ${CMAKE_BINARY_DIR}/generated/files/mime_table.inc)
add_custom_command(
  OUTPUT ${mime_table}
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/generate-mime-table ${BRILLIANT_MIME_TYPES} ${mime_table}
  DEPENDS ${CMAKE_SOURCE_DIR}/tools/generate-mime-table ${BRILLIANT_MIME_TYPES}
  COMMENT "Media types from ${BRILLIANT_MIME_TYPES}")
add_custom_target(brilliant_mime_table DEPENDS ${mime_table})
if(TARGET brilliant_files)
  add_dependencies(brilliant_files brilliant_mime_table)
endif()
