import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Drawing, drawLines, ticksOf } from './draw-lines.ts'

const drawing: Drawing = {
  title: 'RSS & lag <soak>',
  lines: [
    {
      title: 'RSS, MB',
      points: [
        { atS: 0, value: 0 },
        { atS: 60, value: 100 },
      ],
    },
    { title: 'lag, ms', points: [{ atS: 0, value: 5 }] },
  ],
  marks: [{ atS: 30, text: 'restart' }],
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

test('a soak without samples is a picture without lines', () => {
  expect(drawLines({ title: '', lines: [{ title: 'RSS', points: [] }], marks: [] })).not.toContain('fill="none"')
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
