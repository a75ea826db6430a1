/**
 * How people write the ten digits: each has several shapes, each shape is strokes, each stroke is points in a unit box
 * (x to the right, y down) joined by a smooth curve. A stroke that starts where another ends makes a corner.
 */

/** x, y of a point in the unit box. */
export type Point = readonly [x: number, y: number]
export type Stroke = readonly Point[]
export type Shape = readonly Stroke[]

/** Points in hundredths of the box: `x,y x,y …`. */
function stroke(points: string): Stroke {
  return points.split(' ').map((point) => {
    const [x, y] = point.split(',')
    return [Number(x) / 100, Number(y) / 100]
  })
}

/** The shapes of each digit, by digit. */
export const GLYPHS: readonly (readonly Shape[])[] = [
  [
    [stroke('50,0 20,12 6,50 20,88 50,100 80,88 94,50 80,12 50,0')],
    // Slashed.
    [stroke('50,0 20,12 6,50 20,88 50,100 80,88 94,50 80,12 50,0'), stroke('85,10 15,90')],
    // Begun at the upper right, closed with a curl to the inside.
    [stroke('72,6 35,3 8,35 15,85 50,100 85,82 92,35 65,2 42,14')]
  ],
  [
    [stroke('52,0 50,50 50,100')],
    // With a flag.
    [stroke('20,26 42,12 56,0'), stroke('56,0 54,50 54,100')],
    // With a flag and a foot.
    [stroke('22,22 52,0'), stroke('52,0 52,100'), stroke('16,100 88,100')],
    // Continental: a long upstroke, close to a seven.
    [stroke('2,50 35,26 62,0'), stroke('62,0 60,100')]
  ],
  [
    [stroke('8,26 22,5 55,0 86,20 76,48 40,78 6,100'), stroke('6,100 50,98 95,100')],
    // A loop at the foot.
    [stroke('10,20 45,0 82,18 70,50 32,88 10,96 12,78 40,84 70,98 98,88')],
    // Angular, close to a Z.
    [stroke('8,8 50,0 88,6'), stroke('88,6 50,52 6,100'), stroke('6,100 96,97')]
  ],
  [
    [stroke('10,12 48,0 82,20 66,42 36,48'), stroke('36,48 76,54 92,76 60,99 6,90')],
    // Flat top, sharp middle.
    [stroke('10,2 88,0'), stroke('88,0 38,42'), stroke('38,42 84,50 92,80 50,100 6,90')],
    // One flowing line with a small loop at the waist.
    [stroke('14,16 50,0 82,16 62,44 36,50 44,42 82,56 88,84 50,100 10,86')]
  ],
  [
    // Open.
    [stroke('20,0 10,30 6,58'), stroke('6,58 50,60 96,55'), stroke('72,10 70,50 66,100')],
    // Closed, printed.
    [stroke('66,0 30,38 2,68'), stroke('2,68 98,68'), stroke('66,0 66,100')],
    // Curved, close to a nine.
    [stroke('16,4 10,38 32,56 66,48 84,30'), stroke('86,2 82,40 74,100')]
  ],
  [
    [stroke('90,1 20,0'), stroke('20,0 14,44'), stroke('14,44 50,36 88,52 84,84 46,100 6,90')],
    // One line, close to an S.
    [stroke('92,4 50,0 20,14 22,40 60,50 88,70 70,96 30,100 6,90')],
    // The bar is set apart, last.
    [stroke('24,10 20,46'), stroke('20,46 62,40 86,66 60,98 8,94'), stroke('30,4 98,0')]
  ],
  [
    [stroke('78,2 40,16 12,52 14,84 46,100 84,86 84,60 50,48 16,68')],
    // Upright stem, small bowl.
    [stroke('34,0 20,40 18,78 40,100 72,92 76,70 50,60 20,74')],
    // A wide bowl that stays open.
    [stroke('92,12 60,0 20,28 6,70 36,100 82,92 90,62 60,46 30,52')]
  ],
  [
    [stroke('6,4 92,0'), stroke('92,0 62,48 42,100')],
    // Crossed.
    [stroke('6,4 92,2'), stroke('92,2 60,50 36,100'), stroke('28,50 88,46')],
    // A serif at the start.
    [stroke('6,20 8,3'), stroke('8,3 50,7 92,0'), stroke('92,0 66,34 56,100')],
    // Rounded, close to a one.
    [stroke('10,10 50,0 86,10 80,40 52,100')]
  ],
  [
    // One line that crosses itself.
    [stroke('82,12 46,0 16,18 36,42 70,58 88,82 50,100 12,82 34,56 72,36 82,12')],
    // Two rings.
    [stroke('50,0 22,10 22,36 50,46 78,36 78,10 50,0'), stroke('50,46 12,60 12,88 50,100 88,88 88,60 50,46')],
    // Left open at the top.
    [stroke('90,2 50,4 20,22 50,46 84,74 50,100 14,78 46,48 80,24 92,8')]
  ],
  [
    // A straight stem.
    [stroke('84,22 56,0 16,14 16,42 50,54 84,26'), stroke('86,4 82,50 74,100')],
    // A tail that curls to the left.
    [stroke('82,16 50,0 14,16 20,44 56,50 84,20 86,60 66,94 16,96')],
    // A flat, angular head.
    [stroke('90,2 30,6 10,36 50,50 86,36'), stroke('90,2 84,50 56,100')]
  ]
]
