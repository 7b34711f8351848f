# The LibTorch that training links: TORCH_LIBRARIES and Torch_VERSION_MAJOR, _MINOR.
#
# By its own CMake package: Debian's libtorch-dev, or another that CMAKE_PREFIX_PATH names. The package of a
# LibTorch that was built for CUDA, as PyPI's wheels are, is not to be had without NVIDIA's compiler. So
# GRIDS_TORCH_DIR, the folder with its include/ and lib/, has it linked by file, and of its libraries only
# those for the processor.
set(GRIDS_TORCH_DIR "" CACHE PATH "Folder of a LibTorch to link by file, such as the wheel's torch/")

if(NOT GRIDS_TORCH_DIR)
  find_package(Torch REQUIRED)
  return()
endif()

foreach(part include/torch/script.h include/torch/csrc/api/include/torch/all.h lib/libtorch_cpu.so lib/libc10.so
        share/cmake/Torch/TorchConfig.cmake share/cmake/Torch/TorchConfigVersion.cmake)
  if(NOT EXISTS ${GRIDS_TORCH_DIR}/${part})
    message(FATAL_ERROR "GRIDS_TORCH_DIR: no ${part} in '${GRIDS_TORCH_DIR}'; give the folder of a LibTorch that has "
                        "include/, lib/ and share/, in a Python environment site-packages/torch")
  endif()
endforeach()
file(STRINGS ${GRIDS_TORCH_DIR}/share/cmake/Torch/TorchConfig.cmake old_abi REGEX "_GLIBCXX_USE_CXX11_ABI=0")
if(old_abi)
  message(FATAL_ERROR "GRIDS_TORCH_DIR: the LibTorch in '${GRIDS_TORCH_DIR}' was built for the std::string of before "
                      "C++11, with which nothing here links; give a newer one")
endif()
file(STRINGS ${GRIDS_TORCH_DIR}/share/cmake/Torch/TorchConfigVersion.cmake version REGEX "set\\(PACKAGE_VERSION ")
string(REGEX MATCH "([0-9]+)\\.([0-9]+)" version "${version}")
set(Torch_VERSION_MAJOR ${CMAKE_MATCH_1})
set(Torch_VERSION_MINOR ${CMAKE_MATCH_2})
message(STATUS "LibTorch ${version}, linked by file from ${GRIDS_TORCH_DIR}")

# Beside its own headers lie those of fmt and oneDNN, of other versions than those that are linked here.
set(headers ${PROJECT_BINARY_DIR}/torch_headers)
file(REMOVE_RECURSE ${headers})
file(MAKE_DIRECTORY ${headers})
foreach(folder ATen c10 caffe2 torch)
  file(CREATE_LINK ${GRIDS_TORCH_DIR}/include/${folder} ${headers}/${folder} SYMBOLIC)
endforeach()
add_library(torch_by_file INTERFACE IMPORTED)
target_include_directories(torch_by_file INTERFACE ${headers} ${headers}/torch/csrc/api/include)
# As flags: of a folder that it knows of, CMake warns that its libgomp hides ours. One of the two is loaded for
# all, and either serves.
target_link_options(torch_by_file INTERFACE LINKER:-rpath,${GRIDS_TORCH_DIR}/lib)
target_link_libraries(torch_by_file INTERFACE
  -Wl,${GRIDS_TORCH_DIR}/lib/libtorch_cpu.so -Wl,${GRIDS_TORCH_DIR}/lib/libc10.so)
set(TORCH_LIBRARIES torch_by_file)

# It has an oneDNN inside; ours is kept apart (src/programs/onednn_alone.cpp).
file(REAL_PATH ${DNNL_LIBRARY} onednn)
add_library(grids_onednn STATIC src/programs/onednn_alone.cpp)
target_compile_definitions(grids_onednn PRIVATE GRIDS_ONEDNN="${onednn}")
target_include_directories(grids_onednn SYSTEM PRIVATE ${DNNL_INCLUDE_DIR})
target_link_libraries(grids_onednn PRIVATE grids_options PUBLIC ${CMAKE_DL_LIBS})
set(DNNL_LIBRARY grids_onednn)
