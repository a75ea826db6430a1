// What a helper thread computes with: matrix products on memory that threads share.

export { tile1, tile2, tile3, tile4, tile5, tile6 } from '../../pack/assembly/tile'
export { descend, gemm, gemmScratchBytes } from '../../pack/assembly/gemm'
