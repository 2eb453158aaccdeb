import { expect, test } from 'vitest'
import { flagOf } from '../../program/options/command-line.ts'
import { gatewayOptions } from './bind-options.ts'
import { options } from './options.ts'

const { names, renderHelp, renderReference } = gatewayOptions

test('--help fits a screen of 100 columns', () => {
  const tooWide = renderHelp()
    .split('\n')
    .filter((line) => line.length > 100)
  expect(tooWide).toEqual([])
})

test.each(names)('help and reference describe %s', (name) => {
  const { env } = options[name]
  expect(renderHelp()).toContain(`  ${env}`)
  expect(renderReference()).toContain(`| \`${env}\` |`)
})

test('secrets have no flag', () => {
  expect(renderHelp()).not.toContain(`${flagOf(options.kafkaSaslPassword)}\n`)
  expect(renderReference()).toContain('| `KAFKA_SASL_PASSWORD` | `no flag` |')
})

test('every row of the reference has five cells', () => {
  const rows = renderReference()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  expect(rows).toHaveLength(names.length)
  expect(rows.filter((row) => row.split(/(?<!\\)\|/).length !== 7)).toEqual([])
})
