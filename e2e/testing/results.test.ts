import { expect, it } from 'vitest'
import { renderResults } from './results.ts'
import { scriptedRun } from './scripted-run.ts'

it('renderResults shows the measurements as a table', () => {
  const row = {
    suite: 'deliver',
    clients: 90,
    events: 400,
    expected: 4755,
    delivered: 4755,
    duplicates: 0,
    lost: 0,
    reconnects: 0,
    p50Ms: null,
    p99Ms: null,
  }
  expect(renderResults([row, { ...row, suite: 'roll-out', reconnects: 3, p50Ms: 12.4, p99Ms: 99.5 }])).toBe(
    [
      '| suite    | clients | events | expected | delivered | duplicates | lost | reconnects | p50 ms | p99 ms |',
      '|----------|--------:|-------:|---------:|----------:|-----------:|-----:|-----------:|-------:|-------:|',
      '| deliver  |      90 |    400 |     4755 |      4755 |          0 |    0 |          0 |        |        |',
      '| roll-out |      90 |    400 |     4755 |      4755 |          0 |    0 |          3 |     12 |    100 |',
    ].join('\n'),
  )
})

it('scriptedRun answers a command by its longest matching prefix', async () => {
  const { run, calls } = scriptedRun({ a: 'one', 'a b': { code: 2 } })
  expect([await run('a', ['c']), await run('a', ['b', 'c']), await run('d', [])]).toMatchObject([
    { stdout: 'one' },
    { code: 2 },
    { code: 0, stdout: '' },
  ])
  expect(calls).toEqual(['a c', 'a b c', 'd'])
})
