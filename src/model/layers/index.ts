/**
 * The allow-list: every layer class that a topology may use. What is not here is refused: layers that carry code
 * (Lambda), hold state between examples, nest other layers, or whose gradient nobody has checked.
 */
import { conv1d, conv2d, depthwiseConv2d, separableConv2d } from './convolution.ts'
import { dense, embedding } from './dense.ts'
import { activation, dropout, elu, leakyRelu, relu, softmax } from './elementwise.ts'
import { concatenate, dot, elementwiseMerge } from './merge.ts'
import { batchNormalization, layerNormalization } from './normalisation.ts'
import { globalPooling1d, globalPooling2d, pooling1d, pooling2d } from './pooling.ts'
import { gru, lstm, simpleRnn } from './recurrent.ts'
import { flatten, inputLayer, permute, reshape, zeroPadding2d } from './shapes.ts'
import type { LayerType } from './common.ts'

/** Keras class name → what the layer does to shapes. */
export const layerTypes: ReadonlyMap<string, LayerType> = new Map<string, LayerType>([
  ['InputLayer', inputLayer],
  ['Dense', dense],
  ['Embedding', embedding],
  ['Conv1D', conv1d],
  ['Conv2D', conv2d],
  ['DepthwiseConv2D', depthwiseConv2d],
  ['SeparableConv2D', separableConv2d],
  ['MaxPooling1D', pooling1d],
  ['AveragePooling1D', pooling1d],
  ['MaxPooling2D', pooling2d],
  ['AveragePooling2D', pooling2d],
  ['GlobalMaxPooling1D', globalPooling1d],
  ['GlobalAveragePooling1D', globalPooling1d],
  ['GlobalMaxPooling2D', globalPooling2d],
  ['GlobalAveragePooling2D', globalPooling2d],
  ['SimpleRNN', simpleRnn],
  ['LSTM', lstm],
  ['GRU', gru],
  ['BatchNormalization', batchNormalization],
  ['LayerNormalization', layerNormalization],
  ['Activation', activation],
  ['ReLU', relu],
  ['LeakyReLU', leakyRelu],
  ['ELU', elu],
  ['Softmax', softmax],
  ['Dropout', dropout],
  ['Flatten', flatten],
  ['Reshape', reshape],
  ['Permute', permute],
  ['ZeroPadding2D', zeroPadding2d],
  ['Add', elementwiseMerge],
  ['Multiply', elementwiseMerge],
  ['Average', elementwiseMerge],
  ['Maximum', elementwiseMerge],
  ['Concatenate', concatenate],
  ['Dot', dot]
])
