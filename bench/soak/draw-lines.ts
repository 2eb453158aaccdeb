/** A line of values over time, in a panel of its own. */
export interface Line {
  readonly title: string
  readonly points: readonly Point[]
}

export interface Point {
  readonly atS: number
  readonly value: number
}

/** Moment that the picture names. */
export interface Mark {
  readonly atS: number
  readonly text: string
}

export interface Drawing {
  readonly title: string
  readonly lines: readonly Line[]
  readonly marks: readonly Mark[]
}

const width = 860
const panelHeight = 200
const [left, right, top, between, bottom] = [70, 20, 50, 50, 40]
const innerWidth = width - left - right
const lineColors = ['#1f5fa8', '#b3541e'] as const

/** Draws the lines below each other, on one axis of time in minutes, as SVG. Each value axis begins at zero. */
export function drawLines({ title, lines, marks }: Drawing): string {
  const endS = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ atS }) => atS)), ...marks.map(({ atS }) => atS))
  const height = top + lines.length * (panelHeight + between) - between + bottom
  const xOf = (atS: number): number => round(left + (atS / endS) * innerWidth)
  const panels = lines.map((line, index) =>
    panelOf(line, { y: top + index * (panelHeight + between), color: lineColors[index % lineColors.length] ?? '', xOf }),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="20" font-size="15">${escapeXml(title)}</text>`,
    ...panels,
    ...marks.map((mark) => markOf(mark, xOf(mark.atS), height)),
    ...ticksOf(endS / 60).map((minutes) => textAt(`${minutes} min`, { x: xOf(minutes * 60), y: height - bottom + 20, anchor: 'middle' })),
    '</svg>',
    '',
  ].join('\n')
}

interface Place {
  readonly y: number
  readonly color: string
  readonly xOf: (atS: number) => number
}

function panelOf({ title, points }: Line, { y, color, xOf }: Place): string {
  const ticks = ticksOf(Math.max(0, ...points.map(({ value }) => value)))
  const highest = ticks.at(-1) ?? 1
  const yOf = (value: number): number => round(y + panelHeight - (value / highest) * panelHeight)
  const grid = ticks.map(
    (tick) =>
      `<path d="M${left} ${yOf(tick)}h${innerWidth}" stroke="#ddd"/>${textAt(String(tick), { x: left - 8, y: yOf(tick) + 4, anchor: 'end' })}`,
  )
  const path = points.map(({ atS, value }, index) => `${index === 0 ? 'M' : 'L'}${xOf(atS)} ${yOf(value)}`).join('')
  return [
    textAt(title, { x: left, y: y - 8, anchor: 'start' }),
    ...grid,
    ...(path === '' ? [] : [`<path d="${path}" fill="none" stroke="${color}" stroke-width="1.5"/>`]),
  ].join('\n')
}

const markOf = ({ text }: Mark, x: number, height: number): string =>
  `<path d="M${x} ${top}V${height - bottom}" stroke="#888" stroke-dasharray="4 3"/>${textAt(text, { x: x + 4, y: top + 12, anchor: 'start' })}`

const textAt = (text: string, { x, y, anchor }: { readonly x: number; readonly y: number; readonly anchor: string }): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#333">${escapeXml(text)}</text>`

/** Returns three to six round numbers from zero on, the last of which is at or above the value. */
export function ticksOf(highest: number): readonly number[] {
  if (highest <= 0) return [0, 1]
  const rough = highest / 5
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude
  const count = Math.ceil(highest / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)))
}

const round = (value: number): number => Math.round(value * 10) / 10

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
