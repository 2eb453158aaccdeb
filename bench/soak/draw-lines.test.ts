import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Drawing, drawLines, ticksOf } from './draw-lines.ts'

const drawing: Drawing = {
  title: 'RSS & lag <soak>',
  panels: [
    {
      title: 'RSS, MB',
      lines: [
        {
          name: '',
          points: [
            { atS: 0, value: 0 },
            { atS: 60, value: 100 },
          ],
        },
      ],
    },
    { title: 'lag, ms', lines: [{ name: '', points: [{ atS: 0, value: 5 }] }] },
  ],
  marks: [{ atS: 30, text: 'restart' }],
  unit: 'min',
}

test('a line runs from the left to the right, and upwards with its value', () => {
  const [line] = /<path d="(M\S+ \S+L\S+ \S+)" fill="none"/.exec(drawLines(drawing))?.slice(1) ?? []
  expect(line).toBe('M70 250L840 50')
})

test('the picture names its lines, its marks and the minutes', () => {
  const svg = drawLines(drawing)
  expect(svg.match(/fill="none"/g)).toHaveLength(2)
  for (const text of ['>RSS, MB<', '>lag, ms<', '>restart<', '>1 min<', '<title>RSS &amp; lag &lt;soak&gt;</title>'])
    expect(svg).toContain(text)
})

test('texts of marks that follow each other stand below each other', () => {
  const svg = drawLines({
    ...drawing,
    marks: [
      { atS: 30, text: 'killed' },
      { atS: 31, text: 'back' },
    ],
  })
  expect(['killed', 'back'].map((text) => new RegExp(`y="(\\d+)"[^>]*>${text}<`).exec(svg)?.[1])).toEqual(['62', '76'])
})

test('lines of one panel share its axis, and have a color and a name each', () => {
  const lineTo = (name: string, value: number) => ({
    name,
    points: [
      { atS: 0, value: 0 },
      { atS: 4, value },
    ],
  })
  const svg = drawLines({
    title: 'storm',
    panels: [{ title: 'served', lines: [lineTo('one', 10), lineTo('two', 5)] }],
    marks: [],
    unit: 's',
  })
  expect([...svg.matchAll(/<path d="(M\S+ \S+L\S+ \S+)" fill="none" stroke="(#\w+)"/g)].map(([, path, color]) => [path, color])).toEqual([
    ['M70 250L840 50', '#1f5fa8'],
    ['M70 250L840 150', '#b3541e'],
  ])
  expect(svg).toContain('fill="#1f5fa8">one<')
  expect(svg).toContain('fill="#b3541e">two<')
  expect(svg).toContain('>4 s<')
})

test('a soak without samples is a picture without lines', () => {
  expect(drawLines({ title: '', panels: [{ title: 'RSS', lines: [{ name: '', points: [] }] }], marks: [], unit: 'min' })).not.toContain(
    'fill="none"',
  )
})

test('ticks are few, begin at zero, and reach the value', () => {
  expect(ticksOf(0)).toEqual([0, 1])
  expect(ticksOf(30)).toEqual([0, 10, 20, 30])
  fc.assert(
    fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (highest) => {
      const ticks = ticksOf(highest)
      expect(ticks[0]).toBe(0)
      expect(ticks.length).toBeGreaterThanOrEqual(3)
      expect(ticks.length).toBeLessThanOrEqual(7)
      expect((ticks.at(-1) ?? 0) * (1 + 1e-5)).toBeGreaterThanOrEqual(highest)
    }),
  )
})
