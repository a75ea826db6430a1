// The kernel pack: what the module exports.

export { tile1, tile2, tile3, tile4, tile5, tile6 } from './tile'
export { gemm, gemmScratchBytes } from './gemm'
export { convFilterGradient, convForward, convInputGradient, convolution, convScratchBytes } from './conv'
export { inputPoints, outputs2, outputs4, points2, points3, points4, points5, values2, values3, values4, values5 } from './points'
export { maxPool, maxPoolGradient } from './pool'
export { addRow, addRowsById, biasReluGradient, gatherRows, reluGradient, sumRows } from './rows'
export { adam, momentum, proximal, sgd } from './updates'
export { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise'
export { lstm, lstmGradient, lstmScratchBytes } from './lstm'
export { gru, gruGradient, gruScratchBytes } from './gru'
export { layerNorm, layerNormGradient } from './layerNorm'
export { crossEntropy, softmaxGradient } from './softmax'
