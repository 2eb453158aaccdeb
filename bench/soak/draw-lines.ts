/** Lines of values over time on one value axis. */
export interface Panel {
  readonly title: string
  readonly lines: readonly Line[]
}

export interface Line {
  /** Name in the legend; empty: it has none. */
  readonly name: string
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
  readonly panels: readonly Panel[]
  readonly marks: readonly Mark[]
  /** Unit of the axis of time. */
  readonly unit: 'min' | 's'
}

const width = 860
const panelHeight = 200
const [left, right, top, between, bottom] = [70, 20, 50, 50, 40]
const innerWidth = width - left - right
const lineColors = ['#1f5fa8', '#b3541e', '#3d7d3d', '#7a4a9a'] as const
const legendWidth = 130
const secondsOf = { min: 60, s: 1 } as const

/** Draws the panels below each other, on one axis of time, as SVG. Each value axis begins at zero. */
export function drawLines({ title, panels, marks, unit }: Drawing): string {
  const lines = panels.flatMap((panel) => panel.lines)
  const endS = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ atS }) => atS)), ...marks.map(({ atS }) => atS))
  const height = top + panels.length * (panelHeight + between) - between + bottom
  const xOf = (atS: number): number => round(left + (atS / endS) * innerWidth)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="20" font-size="15">${escapeXml(title)}</text>`,
    ...panels.map((panel, index) => panelOf(panel, { y: top + index * (panelHeight + between), xOf })),
    ...marks.map((mark, index) => markOf(mark, { x: xOf(mark.atS), textY: top + 12 + 14 * (index % 4), height })),
    ...ticksOf(endS / secondsOf[unit])
      .filter((tick) => tick * secondsOf[unit] <= endS)
      .map((tick) => textAt(`${tick} ${unit}`, { x: xOf(tick * secondsOf[unit]), y: height - bottom + 20, anchor: 'middle' })),
    '</svg>',
    '',
  ].join('\n')
}

interface Place {
  readonly y: number
  readonly xOf: (atS: number) => number
}

function panelOf({ title, lines }: Panel, { y, xOf }: Place): string {
  const ticks = ticksOf(Math.max(0, ...lines.flatMap(({ points }) => points.map(({ value }) => value))))
  const highest = ticks.at(-1) ?? 1
  const yOf = (value: number): number => round(y + panelHeight - (value / highest) * panelHeight)
  const grid = ticks.map(
    (tick) =>
      `<path d="M${left} ${yOf(tick)}h${innerWidth}" stroke="#ddd"/>${textAt(String(tick), { x: left - 8, y: yOf(tick) + 4, anchor: 'end' })}`,
  )
  const paths = lines.flatMap(({ points }, index) => {
    const path = points.map(({ atS, value }, at) => `${at === 0 ? 'M' : 'L'}${xOf(atS)} ${yOf(value)}`).join('')
    return path === '' ? [] : [`<path d="${path}" fill="none" stroke="${colorOf(index)}" stroke-width="1.5"/>`]
  })
  return [textAt(title, { x: left, y: y - 8, anchor: 'start' }), ...legendOf(lines, y - 8), ...grid, ...paths].join('\n')
}

/** Returns the names of the lines in their colors, at the right end. */
const legendOf = (lines: readonly Line[], y: number): readonly string[] =>
  lines.flatMap(({ name }, index) =>
    name === ''
      ? []
      : [textAt(name, { x: width - right - (lines.length - 1 - index) * legendWidth, y, anchor: 'end', color: colorOf(index) })],
  )

const colorOf = (index: number): string => lineColors[index % lineColors.length] ?? ''

interface MarkPlace {
  readonly x: number
  readonly textY: number
  readonly height: number
}

/** Texts of marks that follow each other closely stand in lines of their own. */
const markOf = ({ text }: Mark, { x, textY, height }: MarkPlace): string =>
  `<path d="M${x} ${top}V${height - bottom}" stroke="#888" stroke-dasharray="4 3"/>${textAt(text, { x: x + 4, y: textY, anchor: 'start' })}`

interface TextPlace {
  readonly x: number
  readonly y: number
  readonly anchor: string
  readonly color?: string
}

const textAt = (text: string, { x, y, anchor, color = '#333' }: TextPlace): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${color}">${escapeXml(text)}</text>`

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
