// What kernels/cuda/hopper offers, also what no kernel uses, must compile and assemble for sm_90a. (Registers
// change hands in the product on tensor cores.)
#include <tenon/kernels/cuda/hopper/barrier.cuh>
#include <tenon/kernels/cuda/hopper/cluster.cuh>
#include <tenon/kernels/cuda/hopper/copy.cuh>
#include <tenon/kernels/cuda/hopper/tensor_map.cuh>
#include <tenon/kernels/cuda/hopper/wgmma.cuh>

using namespace tenon::kernels::cuda;

template <int N>
__device__ float product(std::uint64_t a, std::uint64_t b) {
  float d[N / 2] = {};
  simt::wgmma_fence(d);
  simt::wgmma<N>(d, a, b);
  simt::wgmma<N, true, true>(d, a, b);
  simt::wgmma_commit();
  simt::wgmma_wait<0>(d);
  float sum = 0;
#pragma unroll
  for (int i = 0; i < N / 2; ++i) sum += d[i];
  return sum;
}

__global__ void __launch_bounds__(128) uses_everything(const __grid_constant__ CUtensorMap map, float* out) {
  struct alignas(1024) Tile {
    unsigned char bytes[8192];
  };
  SIMT_SHARED_AT_LAUNCH(tile, Tile);
  SIMT_SHARED(full, std::uint64_t);
  if (threadIdx.x == 0) {
    simt::mbarrier_init(&full, 1);
    simt::fence_proxy_async();
    simt::mbarrier_arrive_expect_tx(&full, sizeof tile);
    simt::bulk_tensor_copy(&tile, map, -1, 64, &full);
    simt::bulk_copy(&tile, out, 16, &full);
    simt::mbarrier_arrive(&full);
  }
  __syncthreads();
  simt::mbarrier_wait(&full, 0);
  const std::uint64_t a = matrix_descriptor(simt::shared_address(&tile), 0, 1024, Swizzle::bytes128);
  float sum = product<64>(a, a) + product<128>(a, a) + product<256>(a, a);
  simt::cluster_arrive();
  simt::cluster_wait();
  sum += simt::map_shared_rank(&tile, simt::cluster_rank() ^ 1)->bytes[threadIdx.x];
  simt::cluster_arrive();
  simt::cluster_wait();
  simt::bar_arrive(1, 64);
  simt::bar_sync(2, 64);
  simt::mbarrier_inval(&full);
  out[threadIdx.x] = sum;
}

void launch(const std::uint16_t* matrix, float* out) {
  const CUtensorMap map = tensor_map_2d(matrix, 100, 64, 64, 64, 64, Swizzle::bytes128);
  simt::launch_in_clusters(2, 8192, nullptr, uses_everything, 4, 128, map, out);
}
