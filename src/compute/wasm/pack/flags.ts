/** A flag of products and convolutions: ReLU in the same pass. */
export const RELU = 2
