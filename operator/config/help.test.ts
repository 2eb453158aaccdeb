import { expect, test } from 'vitest'
import { flagOf } from '../../program/options/command-line.ts'
import { renderOperatorHelp } from './help.ts'
import { switches } from './mode.ts'
import { operatorOptions } from './options.ts'
import { operatorOptionNames } from './parse-options.ts'
import { renderOperatorReference } from './render-reference.ts'

test('--help fits a screen of 100 columns', () => {
  expect(
    renderOperatorHelp()
      .split('\n')
      .filter((line) => line.length > 100),
  ).toEqual([])
})

test.each(operatorOptionNames)('help and reference tell of %s', (name) => {
  const { env } = operatorOptions[name]
  expect(renderOperatorHelp()).toMatch(new RegExp(`^ {2}${env}(, --|$)`, 'm'))
  expect(renderOperatorReference()).toContain(`| \`${env}\` |`)
})

test.each(Object.keys(switches))('help and reference tell of %s, which is not the flag of an option', (name) => {
  expect(renderOperatorHelp()).toContain(`\n  ${name}\n`)
  expect(renderOperatorReference()).toContain(`| \`${name}\` |`)
  expect(operatorOptionNames.map((option) => flagOf(operatorOptions[option]))).not.toContain(name)
})

test('secrets have no flag', () => {
  expect(renderOperatorHelp()).not.toContain('--kafka-sasl-password\n')
  expect(renderOperatorReference()).toContain('| `KAFKA_SASL_PASSWORD` | `no flag` |')
})

test('every row of the options has five cells', () => {
  const rows = renderOperatorReference()
    .split('\n')
    .filter((line) => /^\| `[A-Z]/.test(line))
  expect(rows).toHaveLength(operatorOptionNames.length)
  expect(rows.filter((row) => row.split(/(?<!\\)\|/).length !== 7)).toEqual([])
})
