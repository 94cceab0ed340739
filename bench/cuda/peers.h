// NVIDIA's libraries as peers on a CUDA device, each if it was found. Their cases take inputs on the device.
#pragma once
#include <vector>

#include "../peers/peers.h"

namespace bench {

/// cuBLAS, cuRAND and CUB.
std::vector<const Library*> cuda_libraries();

}  // namespace bench
