/** Line charts as SVG text: scales, ticks and paths by d3, no browser. */
import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'

/** One line of a chart. Points in ascending order of x. */
export interface Series {
  name: string
  points: readonly (readonly [x: number, y: number])[]
}

export interface Chart {
  title: string
  x: string
  y: string
  series: readonly Series[]
  /** A value of y to mark. */
  mark?: number
}

const WIDTH = 860
const HEIGHT = 480
const MARGIN = { top: 40, right: 230, bottom: 46, left: 64 }
const LEGEND_LINE = 17
/** Lines that the legend has room for; more would be told apart by nobody. */
const MAX_SERIES = 24
/** Okabe and Ito's colours, which the colour-blind tell apart; then the same again with dashes. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#8c6bb1']
const DASHES = ['', '6 3', '2 3']

interface Scales {
  x: ReturnType<typeof scaleLinear<number, number>>
  y: ReturnType<typeof scaleLinear<number, number>>
}

/** The chart as an SVG document. Of more series than a reader can follow only the first are drawn, and it says so. */
export function drawChart(chart: Chart): string {
  const series = chart.series.slice(0, MAX_SERIES)
  const left = chart.series.length - series.length
  const scales = scalesOf(chart, series)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text({ x: MARGIN.left, y: 24, size: 15 }, chart.title),
    ...axes(chart, scales),
    ...(chart.mark == null ? [] : [horizontal(scales.y(chart.mark), 'stroke="#888" stroke-dasharray="4 4"')]),
    ...series.map((one, i) => path(one, i, scales)),
    ...series.map((one, i) => legend(one.name, i)),
    ...(left > 0
      ? [text({ x: legendX(), y: MARGIN.top + (MAX_SERIES + 1) * LEGEND_LINE }, `and ${left} more`)]
      : []),
    '</svg>'
  ]
  return `${parts.join('\n')}\n`
}

function scalesOf({ mark }: Chart, series: readonly Series[]): Scales {
  const points = series.flatMap((one) => one.points)
  const range = (values: readonly number[]): [number, number] => {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    return Number.isFinite(low) && low < high ? [low, high] : [(low || 0) - 0.5, (high || 0) + 0.5]
  }
  const ys = [...points.map(([, y]) => y), ...(mark == null ? [] : [mark])].filter(Number.isFinite)
  return {
    x: scaleLinear(range([0, ...points.map(([x]) => x)]), [MARGIN.left, WIDTH - MARGIN.right]).nice(),
    y: scaleLinear(range(ys), [HEIGHT - MARGIN.bottom, MARGIN.top]).nice()
  }
}

function axes({ x, y }: Chart, scales: Scales): string[] {
  const bottom = HEIGHT - MARGIN.bottom
  const [formatX, formatY] = [scales.x.tickFormat(8), scales.y.tickFormat(8)]
  return [
    ...scales.y
      .ticks(8)
      .flatMap((tick) => [
        horizontal(scales.y(tick), 'stroke="#e4e4e4"'),
        text({ x: MARGIN.left - 8, y: scales.y(tick) + 4, anchor: 'end' }, formatY(tick))
      ]),
    ...scales.x
      .ticks(8)
      .map((tick) => text({ x: scales.x(tick), y: bottom + 18, anchor: 'middle' }, formatX(tick))),
    horizontal(bottom, 'stroke="#444"'),
    text({ x: (MARGIN.left + WIDTH - MARGIN.right) / 2, y: HEIGHT - 8, anchor: 'middle' }, x),
    `<g transform="translate(16 ${(MARGIN.top + bottom) / 2}) rotate(-90)">${text({ x: 0, y: 0, anchor: 'middle' }, y)}</g>`
  ]
}

function path({ points }: Series, i: number, { x, y }: Scales): string {
  const draw = line<readonly [number, number]>()
    .defined(([, value]) => Number.isFinite(value))
    .x(([value]) => round(x(value)))
    .y(([, value]) => round(y(value)))
  return `<path d="${draw(points) ?? ''}" fill="none" stroke-width="1.6" ${strokeOf(i)}/>`
}

function legend(name: string, i: number): string {
  const y = MARGIN.top + i * LEGEND_LINE
  const x = legendX()
  const mark = `<path d="M${x} ${y}h22" stroke-width="2.4" fill="none" ${strokeOf(i)}/>`
  return mark + text({ x: x + 28, y: y + 4 }, name.length > 30 ? `${name.slice(0, 29)}…` : name)
}

const legendX = (): number => WIDTH - MARGIN.right + 14

function strokeOf(i: number): string {
  const dash = DASHES[Math.floor(i / COLOURS.length) % DASHES.length]
  return `stroke="${COLOURS[i % COLOURS.length]}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`
}

function horizontal(y: number, stroke: string): string {
  return `<path d="M${MARGIN.left} ${round(y)}H${WIDTH - MARGIN.right}" fill="none" ${stroke}/>`
}

interface TextPlace {
  x: number
  y: number
  anchor?: 'middle' | 'end'
  size?: number
}

function text({ x, y, anchor, size }: TextPlace, content: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const more = `${anchor == null ? '' : ` text-anchor="${anchor}"`}${size == null ? '' : ` font-size="${size}"`}`
  return `<text x="${round(x)}" y="${round(y)}"${more}>${escaped}</text>`
}

const round = (value: number): number => Math.round(value * 10) / 10
