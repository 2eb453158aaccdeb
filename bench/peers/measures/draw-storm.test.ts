import { expect, test } from 'vitest'
import { drawStorm } from './draw-storm.ts'

test('the course of a storm begins when its server was killed', () => {
  const { file, svg } = drawStorm(10, [
    {
      title: 'Carillon',
      killedAtMs: 5_000,
      progress: [
        { atMs: 6_000, served: 0 },
        { atMs: 9_000, served: 10 },
      ],
      memory: [
        { atMs: 5_500, rssBytes: 0 },
        { atMs: 9_000, rssBytes: 100e6 },
      ],
    },
  ])
  expect(file).toBe('benchmarks-storm.svg')
  // The axis has 4 s on 770 points.
  expect([...svg.matchAll(/<path d="(M\S+ \S+L\S+ \S+)" fill="none"/g)].map(([, path]) => path)).toEqual([
    'M262.5 250L840 50',
    'M166.3 500L840 300',
  ])
  expect(svg).toContain('>Carillon<')
})
