import { expect, test } from 'vitest'
import { parseCommandLine, usageText } from './command-line.ts'

const names = { measures: ['broadcast', 'idle'], contenders: ['carillon', 'ws', 'bare'] }

test('without names all of it runs, and the page may be written', () => {
  expect(parseCommandLine([], names)).toEqual({ ok: true, value: { ...names, isQuick: false, isHelp: false, isWhole: true } })
})

test('a quick run, or a part, is not for the page', () => {
  expect(parseCommandLine(['--quick'], names)).toMatchObject({ value: { isQuick: true, isWhole: false } })
  expect(parseCommandLine(['idle'], names)).toMatchObject({ value: { measures: ['idle'], contenders: names.contenders, isWhole: false } })
})

test('ours is measured beside whoever is named', () => {
  expect(parseCommandLine(['ws', 'idle'], names)).toMatchObject({ value: { measures: ['idle'], contenders: ['carillon', 'ws'] } })
})

test('names and options that there are not are refused', () => {
  expect(parseCommandLine(['idle', 'idel'], names)).toEqual({ ok: false, error: 'There is no measure and no server idel.' })
  expect(parseCommandLine(['--fast'], names)).toMatchObject({ ok: false })
})

test('the usage names all there is', () => {
  for (const name of [...names.measures, ...names.contenders]) expect(usageText(names)).toContain(name)
})
