import { expect, test } from 'vitest'
import { flagOf } from './command-line.ts'
import { renderHelp } from './help.ts'
import { options } from './options.ts'
import { optionNames } from './parse-options.ts'
import { renderConfigurationReference } from './render-reference.ts'

test('--help fits a screen of 100 columns', () => {
  const tooWide = renderHelp()
    .split('\n')
    .filter((line) => line.length > 100)
  expect(tooWide).toEqual([])
})

test.each(optionNames)('help and reference tell of %s', (name) => {
  const { env } = options[name]
  expect(renderHelp()).toContain(`  ${env}`)
  expect(renderConfigurationReference()).toContain(`| \`${env}\` |`)
})

test('secrets have no flag', () => {
  expect(renderHelp()).not.toContain(`${flagOf(options.kafkaSaslPassword)}\n`)
  expect(renderConfigurationReference()).toContain('| `KAFKA_SASL_PASSWORD` | `no flag` |')
})

test('every row of the reference has five cells', () => {
  const rows = renderConfigurationReference()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  expect(rows).toHaveLength(optionNames.length)
  expect(rows.filter((row) => row.split(/(?<!\\)\|/).length !== 7)).toEqual([])
})
