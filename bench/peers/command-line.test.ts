import { expect, test } from 'vitest'
import { parseCommandLine, usageText } from './command-line.ts'

const names = { measures: ['broadcast', 'idle'], contenders: ['carillon', 'ws', 'bare'] }

test('without names every measure runs, and the page may be written', () => {
  expect(parseCommandLine([], names)).toEqual({ ok: true, value: { ...names, isQuick: false, isHelp: false, isWhole: true } })
})

test('a quick or partial run does not write the page', () => {
  expect(parseCommandLine(['--quick'], names)).toMatchObject({ value: { isQuick: true, isWhole: false } })
  expect(parseCommandLine(['idle'], names)).toMatchObject({ value: { measures: ['idle'], contenders: names.contenders, isWhole: false } })
})

test('Carillon is measured beside any chosen contender', () => {
  expect(parseCommandLine(['ws', 'idle'], names)).toMatchObject({ value: { measures: ['idle'], contenders: ['carillon', 'ws'] } })
})

test('unknown names and options are refused', () => {
  expect(parseCommandLine(['idle', 'idel'], names)).toEqual({ ok: false, error: 'There is no measure and no server idel.' })
  expect(parseCommandLine(['--fast'], names)).toMatchObject({ ok: false })
})

test('the usage names all measures and contenders', () => {
  for (const name of [...names.measures, ...names.contenders]) expect(usageText(names)).toContain(name)
})
