import { expect, test } from 'vitest'
import { flagOf } from '../../program/options/command-line.ts'
import { boundOperatorOptions } from './bind-options.ts'
import { switches } from './mode.ts'
import { operatorOptions } from './options.ts'

const { names, renderHelp, renderReference } = boundOperatorOptions

test('--help fits a screen of 100 columns', () => {
  expect(
    renderHelp()
      .split('\n')
      .filter((line) => line.length > 100),
  ).toEqual([])
})

test.each(names)('help and reference describe %s', (name) => {
  const { env } = operatorOptions[name]
  expect(renderHelp()).toMatch(new RegExp(`^ {2}${env}(, --|$)`, 'm'))
  expect(renderReference()).toContain(`| \`${env}\` |`)
})

test.each(Object.keys(switches))('help and reference describe %s, which is not the flag of an option', (name) => {
  expect(renderHelp()).toContain(`\n  ${name}\n`)
  expect(renderReference()).toContain(`| \`${name}\` |`)
  expect(names.map((option) => flagOf(operatorOptions[option]))).not.toContain(name)
})

test('secrets have no flag', () => {
  expect(renderHelp()).not.toContain('--kafka-sasl-password\n')
  expect(renderReference()).toContain('| `KAFKA_SASL_PASSWORD` | `no flag` |')
})

test('every row of the reference has five cells', () => {
  const rows = renderReference()
    .split('\n')
    .filter((line) => /^\| `[A-Z]/.test(line))
  expect(rows).toHaveLength(names.length)
  expect(rows.filter((row) => row.split(/(?<!\\)\|/).length !== 7)).toEqual([])
})
